"""Given a customer's, an asset's or a plan family's past, when a command comes, then these events or that refusal."""

from dataclasses import replace
from datetime import UTC, date, datetime
from functools import reduce

import pytest
from kippu_entitlement.domain import asset, contact, customer, plan
from kippu_entitlement.domain.asset import Asset
from kippu_entitlement.domain.contact import Contact, Known, Person
from kippu_entitlement.domain.customer import Customer, Register
from kippu_entitlement.domain.plan import Plans
from kippu_events.catalogue.entitlement import AssetRegistered, ContactAdded, CustomerRegistered, PlanPublished
from kippu_privacy import Plain
from kippu_terms.refusal import Refused

NOW = datetime(2026, 4, 1, 3, 0, tzinfo=UTC)

CONTACT = Contact("contact-1", "Contact One", "one@customer-1.example", "th", "+66 2 000 0000")
REGISTER = Register(
    provider="iij",
    customer_id="customer-1",
    name="Customer One",
    language="th",
    country="TH",
    salesperson=Person("sales-1", "Salesperson One", "sales-1@provider.example"),
    contacts=(CONTACT,),
)
DEVICE = Asset(
    customer_id="customer-1",
    serial="SN-1",
    model="Switch 24",
    plan_family="iij-se",
    bought_from_provider=True,
    bought_on=date(2025, 5, 1),
    warranty_until=date(2027, 4, 30),
)


def codes(refused: pytest.ExceptionInfo[Refused]) -> list[tuple[str, str | None]]:
    return [(fault.code, fault.field) for fault in refused.value.faults]


def test_a_customer_is_registered_with_its_salesperson_and_their_names_are_sealed_apart() -> None:
    (registered,) = customer.register(Customer(), REGISTER, NOW)
    assert isinstance(registered, CustomerRegistered)
    assert registered.name == Plain("customer-iij-customer-1", "Customer One")
    assert registered.salesperson_mail == Plain("salesperson-iij-sales-1", "sales-1@provider.example")
    evolved = customer.evolve(Customer(), registered)
    assert evolved == Customer("customer-1", "th", "sales-1", contacts=("contact-1",))


def test_every_fault_of_a_registration_is_named_at_once_and_no_address_is_repeated() -> None:
    bad = replace(CONTACT, id="Contact 1", mail="nobody at all")
    command = replace(REGISTER, customer_id="Customer.1", name=" ", language="thai", country="th", contacts=(bad,))
    with pytest.raises(Refused) as refused:
        customer.register(Customer(), command, NOW)
    assert refused.value.kind == "invalid"
    assert codes(refused) == [
        ("malformed", "customer_id"),
        ("empty", "name"),
        ("malformed", "language"),
        ("malformed", "country"),
        ("malformed", "contacts.0.id"),
        ("malformed", "contacts.0.mail"),
    ]
    assert "nobody" not in str(refused.value)


def test_a_customer_is_registered_once() -> None:
    state = reduce(customer.evolve, customer.register(Customer(), REGISTER, NOW), Customer())
    with pytest.raises(Refused) as refused:
        customer.register(state, replace(REGISTER, contacts=()), NOW)
    assert refused.value.kind == "conflict"


def test_a_contact_id_stands_for_one_person_in_the_whole_provider() -> None:
    added = contact.add(Known(), "iij", "customer-1", CONTACT, NOW)
    assert isinstance(added, ContactAdded)
    assert added.mail == Plain("contact-iij-contact-1", "one@customer-1.example")
    known = contact.evolve(Known(), added)
    for customer_id in ("customer-1", "customer-2"):
        with pytest.raises(Refused) as refused:
            contact.add(known, "iij", customer_id, CONTACT, NOW)
        assert (refused.value.kind, codes(refused)) == ("conflict", [("contact_known", "contact_id")])


def test_a_contact_that_is_given_twice_is_one_too_many() -> None:
    with pytest.raises(Refused) as refused:
        customer.register(Customer(), replace(REGISTER, contacts=(CONTACT, CONTACT)), NOW)
    assert codes(refused) == [("contact_twice", "contacts.1.id")]


@pytest.mark.parametrize(
    ("typed", "meant"), [("sn-1", "SN-1"), (" SN－１２ ", "SN-12"), ("ａｂ 1/2", "AB1/2"), ("ß1", "SS1")]
)
def test_a_serial_is_compared_without_width_case_and_blanks(typed: str, meant: str) -> None:
    assert asset.normalised(typed) == meant


def test_an_asset_has_one_owner_who_may_correct_it() -> None:
    (registered,) = asset.register(Asset(), DEVICE, NOW)
    assert isinstance(registered, AssetRegistered)
    state = asset.evolve(Asset(), registered)
    assert state == DEVICE
    assert asset.register(state, DEVICE, NOW) == ()
    extended = replace(DEVICE, warranty_until=date(2029, 4, 30))
    (corrected,) = asset.register(state, extended, NOW)
    assert asset.evolve(state, corrected) == extended
    with pytest.raises(Refused) as refused:
        asset.register(state, replace(DEVICE, customer_id="customer-2"), NOW)
    assert refused.value.kind == "conflict"
    assert "customer-1" not in str(refused.value)


def test_a_warranty_that_ends_before_the_purchase_is_refused_with_the_other_faults() -> None:
    with pytest.raises(Refused) as refused:
        asset.register(Asset(), replace(DEVICE, serial="", model="", warranty_until=date(2025, 4, 30)), NOW)
    assert codes(refused) == [
        ("malformed", "serial"),
        ("empty", "model"),
        ("warranty_before_purchase", "warranty_until"),
    ]


def published(state: Plans, version: str, on: date, source: str = "text") -> Plans:
    events = plan.publish(
        state, family="iij-se", version=version, effective_from=on, source=source, today=date(2026, 4, 1), now=NOW
    )
    return reduce(plan.evolve, events, state)


def test_the_version_in_force_is_the_last_that_took_effect_by_that_day() -> None:
    state = published(published(Plans(), "1", date(2025, 4, 1)), "2", date(2026, 7, 1))
    assert state.in_force(date(2025, 3, 31)) is None
    for day, version in ((date(2025, 4, 1), "1"), (date(2026, 6, 30), "1"), (date(2026, 7, 1), "2")):
        in_force = state.in_force(day)
        assert in_force is not None
        assert in_force.version == version


def test_the_same_text_again_changes_nothing_and_a_version_never_changes() -> None:
    state = published(Plans(), "1", date(2025, 4, 1))
    assert published(state, "1", date(2025, 4, 1)) == state
    with pytest.raises(Refused, match="another text"):
        published(state, "1", date(2025, 4, 1), "other text")


@pytest.mark.parametrize("on", [date(2025, 3, 1), date(2025, 4, 1), date(2026, 3, 31)])
def test_no_version_rewrites_what_was_in_force_before_today(on: date) -> None:
    state = published(Plans(), "1", date(2025, 4, 1))
    with pytest.raises(Refused) as refused:
        published(state, "2", on)
    assert codes(refused) == [("plan_backdated", "effective_from")]


def test_a_published_plan_carries_the_digest_of_its_text() -> None:
    (event,) = plan.publish(
        Plans(), family="f", version="1", effective_from=date(2025, 4, 1), source="x", today=date(2026, 4, 1), now=NOW
    )
    assert isinstance(event, PlanPublished)
    assert event.digest == "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"
