"""A contact: a person of a customer, from whom requests come. A contact id is one person's in the whole provider."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from kippu_events.catalogue.entitlement import ContactAdded
from kippu_events.event import Event
from kippu_privacy import Plain

from kippu_entitlement.domain.checks import Checks, conflict


@dataclass(frozen=True, slots=True)
class Known:
    """Whose contact an id stands for; empty while it stands for nobody."""

    customer_id: str = ""
    language: str = "en"


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


def evolve(state: Known, event: Event) -> Known:
    match event:
        case ContactAdded():
            return Known(event.customer_id, event.language)
        case _:
            return state


def add(state: Known, provider: str, customer_id: str, contact: Contact, now: datetime) -> ContactAdded:
    """`contact` was checked before (`check_contacts`)."""
    if state.customer_id:
        message = f"contact {contact.id} is known already: no two contacts of a provider's customers share an id"
        raise conflict("contact_known", message, "contact_id")
    subject = f"contact-{provider}-{contact.id}"
    return ContactAdded(
        occurred_at=now,
        customer_id=customer_id,
        contact_id=contact.id,
        name=Plain(subject, contact.name.strip()),
        mail=Plain(subject, contact.mail),
        telephone=Plain(subject, contact.telephone.strip()) if contact.telephone else None,
        language=contact.language,
    )


def check_person(checks: Checks, person: Person, field: str) -> None:
    """`field` is the path before its fields, such as `salesperson.`."""
    checks.identifier(person.id, f"{field}id")
    checks.text(person.name, f"{field}name")
    checks.mail(person.mail, f"{field}mail")


def check_contact(checks: Checks, contact: Contact, field: str = "") -> None:
    check_person(checks, contact, field)
    checks.language(contact.language, f"{field}language")


def check_contacts(checks: Checks, contacts: Sequence[Contact]) -> None:
    for index, contact in enumerate(contacts):
        check_contact(checks, contact, f"contacts.{index}.")
        twice = contact.id in [other.id for other in contacts[:index]]
        checks.that(not twice, "contact_twice", f"contacts.{index}.id", f"contact {contact.id} is given twice")
