"""A customer: who they are to us, and who sells to them (IIJ-10). Names stay sealed in the events."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from kippu_events.catalogue.entitlement import CompetitorMarked, ContactNamed, CustomerRegistered
from kippu_events.event import Event
from kippu_privacy import Plain

from kippu_entitlement.domain.checks import Checks, conflict
from kippu_entitlement.domain.contact import Contact, Person, check_contacts, check_person

MAX_CONTACTS = 100
"""Of one customer: all of them may be told of what was bought, and stand in its order and its invoice."""


@dataclass(frozen=True, slots=True)
class Customer:
    customer_id: str = ""
    language: str = "en"
    salesperson_id: str = ""
    competitor: bool = False
    contacts: tuple[str, ...] = ()
    """Their ids, in the order in which they were added."""

    @property
    def exists(self) -> bool:
        return bool(self.customer_id)


@dataclass(frozen=True, slots=True)
class Register:
    provider: str
    customer_id: str
    name: str
    language: str
    country: str
    salesperson: Person
    contacts: Sequence[Contact] = ()
    competitor: bool = False


def evolve(state: Customer, event: Event) -> Customer:
    match event:
        case CustomerRegistered():
            return Customer(event.customer_id, event.language, event.salesperson_id, event.competitor, event.contacts)
        case ContactNamed():
            return replace(state, contacts=(*state.contacts, event.contact_id))
        case CompetitorMarked():
            return replace(state, competitor=event.competitor)
        case _:
            return state


def register(state: Customer, command: Register, now: datetime) -> tuple[Event, ...]:
    """The customer with its salesperson. Its first contacts are added beside it, all or none."""
    checks = Checks()
    checks.identifier(command.customer_id, "customer_id")
    checks.text(command.name, "name")
    checks.language(command.language, "language")
    checks.country(command.country, "country")
    check_person(checks, command.salesperson, "salesperson.")
    check_contacts(checks, command.contacts)
    most = f"a customer has at most {MAX_CONTACTS} contacts"
    checks.that(len(command.contacts) <= MAX_CONTACTS, "too_many_contacts", "contacts", most)
    checks.done()
    if state.exists:
        raise conflict("customer_registered", f"customer {command.customer_id} is registered already", "customer_id")
    salesperson = f"salesperson-{command.provider}-{command.salesperson.id}"
    return (
        CustomerRegistered(
            occurred_at=now,
            customer_id=command.customer_id,
            name=Plain(f"customer-{command.provider}-{command.customer_id}", command.name.strip()),
            language=command.language,
            country=command.country,
            salesperson_id=command.salesperson.id,
            salesperson_name=Plain(salesperson, command.salesperson.name.strip()),
            salesperson_mail=Plain(salesperson, command.salesperson.mail),
            competitor=command.competitor,
            contacts=tuple(each.id for each in command.contacts),
        ),
    )


def name_contact(state: Customer, contact_id: str, now: datetime) -> ContactNamed:
    """One that is added to a customer who is registered already, and has not as many as there may be."""
    if len(state.contacts) >= MAX_CONTACTS:
        message = (
            f"customer {state.customer_id} has {len(state.contacts)} contacts, and at most {MAX_CONTACTS} are kept"
        )
        raise conflict("too_many_contacts", message, "contact_id")
    return ContactNamed(occurred_at=now, customer_id=state.customer_id, contact_id=contact_id)


def mark(state: Customer, *, competitor: bool, marked_by: str, now: datetime) -> tuple[Event, ...]:
    """Decisions from now on see it; those that were taken stand. Nothing if it is marked so already."""
    if state.competitor == competitor:
        return ()
    return (
        CompetitorMarked(occurred_at=now, customer_id=state.customer_id, competitor=competitor, marked_by=marked_by),
    )
