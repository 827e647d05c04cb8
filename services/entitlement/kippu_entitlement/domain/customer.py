"""A customer: who they are to us, who sells to them (IIJ-10), and whom we talk to. Names stay sealed in the events."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from kippu_events.catalogue.entitlement import ContactAdded, CustomerRegistered
from kippu_events.event import Event
from kippu_privacy import Plain

from kippu_entitlement.domain.checks import Checks, conflict, not_found


@dataclass(frozen=True, slots=True)
class Customer:
    customer_id: str = ""
    language: str = "en"
    salesperson_id: str = ""
    contacts: tuple[str, ...] = ()

    @property
    def exists(self) -> bool:
        return bool(self.customer_id)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody's name and address, as given at the edge."""

    id: str
    name: str
    mail: str


@dataclass(frozen=True, slots=True)
class Contact(Person):
    language: str
    telephone: str | None = None


@dataclass(frozen=True, slots=True)
class Register:
    provider: str
    customer_id: str
    name: str
    language: str
    country: str
    salesperson: Person
    contacts: Sequence[Contact] = ()


def evolve(state: Customer, event: Event) -> Customer:
    match event:
        case CustomerRegistered():
            return Customer(event.customer_id, event.language, event.salesperson_id)
        case ContactAdded():
            return replace(state, contacts=(*state.contacts, event.contact_id))
        case _:
            return state


def register(state: Customer, command: Register, now: datetime) -> tuple[Event, ...]:
    """The customer with its salesperson and first contacts, all or none."""
    checks = Checks()
    checks.identifier(command.customer_id, "customer_id")
    checks.text(command.name, "name")
    checks.language(command.language, "language")
    checks.country(command.country, "country")
    _check_person(checks, command.salesperson, "salesperson")
    _check_contacts(checks, state, command.contacts)
    checks.done()
    if state.exists:
        raise conflict("customer_registered", f"customer {command.customer_id} is registered already", "customer_id")
    salesperson = f"salesperson-{command.provider}-{command.salesperson.id}"
    registered = CustomerRegistered(
        occurred_at=now,
        customer_id=command.customer_id,
        name=Plain(f"customer-{command.provider}-{command.customer_id}", command.name.strip()),
        language=command.language,
        country=command.country,
        salesperson_id=command.salesperson.id,
        salesperson_name=Plain(salesperson, command.salesperson.name.strip()),
        salesperson_mail=Plain(salesperson, command.salesperson.mail),
    )
    return (registered, *_added(command.provider, command.customer_id, command.contacts, now))


def add_contacts(state: Customer, provider: str, contacts: Sequence[Contact], now: datetime) -> tuple[Event, ...]:
    if not state.exists:
        raise not_found("such customer")
    checks = Checks()
    _check_contacts(checks, state, contacts)
    checks.done()
    return _added(provider, state.customer_id, contacts, now)


def _added(provider: str, customer_id: str, contacts: Sequence[Contact], now: datetime) -> tuple[Event, ...]:
    return tuple(_contact_added(provider, customer_id, contact, now) for contact in contacts)


def _contact_added(provider: str, customer_id: str, contact: Contact, now: datetime) -> ContactAdded:
    # A contact id is the customer's own, so the key's subject carries both: erasing one person erases one person.
    subject = f"contact-{provider}-{customer_id}.{contact.id}"
    return ContactAdded(
        occurred_at=now,
        customer_id=customer_id,
        contact_id=contact.id,
        name=Plain(subject, contact.name.strip()),
        mail=Plain(subject, contact.mail),
        telephone=Plain(subject, contact.telephone.strip()) if contact.telephone else None,
        language=contact.language,
    )


def _check_person(checks: Checks, person: Person, field: str) -> None:
    checks.identifier(person.id, f"{field}.id")
    checks.text(person.name, f"{field}.name")
    checks.mail(person.mail, f"{field}.mail")


def _check_contacts(checks: Checks, state: Customer, contacts: Sequence[Contact]) -> None:
    known = set(state.contacts)
    for index, contact in enumerate(contacts):
        field = f"contacts.{index}"
        _check_person(checks, contact, field)
        checks.language(contact.language, f"{field}.language")
        checks.that(contact.id not in known, "contact_known", f"{field}.id", f"contact {contact.id} is known already")
        known.add(contact.id)
