"""How many contacts a customer has: what is told to all of them, such as an order, has to hold them."""

from datetime import UTC, datetime
from functools import reduce

import pytest
from kippu_entitlement.domain.contact import Contact, Person
from kippu_entitlement.domain.customer import MAX_CONTACTS, Customer, Register, evolve, name_contact, register
from kippu_terms.refusal import Refused

NOW = datetime(2026, 6, 1, 3, tzinfo=UTC)


def contacts(number: int) -> list[Contact]:
    return [Contact(f"contact-{n}", f"Contact {n}", f"c{n}@customer-1.example", "en") for n in range(number)]


def registration(number: int) -> Register:
    sales = Person("sales-1", "Sales One", "sales@provider.example")
    return Register("iij", "customer-1", "Customer One", "en", "TH", sales, contacts(number))


def registered(number: int) -> Customer:
    return reduce(evolve, register(Customer(), registration(number), NOW), Customer())


def test_the_last_contact_that_there_may_be_is_added_and_the_next_is_refused() -> None:
    nearly = registered(MAX_CONTACTS - 1)
    full = evolve(nearly, name_contact(nearly, "the-last", NOW))
    assert len(full.contacts) == MAX_CONTACTS
    with pytest.raises(Refused, match="at most 100") as refused:
        name_contact(full, "one-too-many", NOW)
    (fault,) = refused.value.faults
    assert (refused.value.kind, fault.code, fault.field) == ("conflict", "too_many_contacts", "contact_id")


def test_more_than_that_are_not_registered_at_once() -> None:
    assert len(registered(MAX_CONTACTS).contacts) == MAX_CONTACTS
    with pytest.raises(Refused) as refused:
        register(Customer(), registration(MAX_CONTACTS + 1), NOW)
    assert [(fault.code, fault.field) for fault in refused.value.faults] == [("too_many_contacts", "contacts")]
