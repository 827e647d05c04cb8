"""What a timeline folds out of an event: every fact has words in every language, and its value is for people."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import pytest
from kippu_console.readmodels.timeline import Timeline
from kippu_console.views.facts import facts_of, known_values, shown
from kippu_console.words import LANGUAGES, fact, fact_name, known, looked_at, money, words
from kippu_events.catalogue import billing, contracts, dispatch, licences, shipments
from kippu_events.event import Event, encode
from kippu_terms.coverage import decide_coverage
from kippu_terms.facts import Facts
from kippu_terms.loading import load

NOON = datetime(2026, 4, 30, 5, 0, tzinfo=UTC)
BANGKOK = ZoneInfo("Asia/Bangkok")
WHO: dict[str, Any] = {"occurred_at": NOON, "customer_id": "customer-1"}


def folded_out(event: Event, language: str, currency: str | None = None) -> dict[str, str]:
    facts = shown(type(event), orjson.loads(encode(event)), currency)
    return {fact_name(type(event).__name__, name, language): fact(value, language, BANGKOK) for name, value in facts}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_fact_that_an_event_can_show_has_its_words(language: str) -> None:
    names = words(language)["fact"]
    without = {
        f"{event.__name__}.{name}"
        for event in Timeline.subscribes
        for name in facts_of(event)
        if not (names.get(f"{event.__name__}.{name}") or names.get(name))
    }
    assert without == set(), f"add them to words/facts/{language}.toml"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_known_value_of_a_fact_has_its_words(language: str) -> None:
    values = {
        value
        for event in Timeline.subscribes
        for name in facts_of(event)
        for value in known_values(event.model_fields[name].annotation)
    }
    assert {"covered_by_debit", "portal", "taken_away"} <= values
    spoken = words(language)
    tables = ("value", "states", "answers", "bought", "documents_of")
    assert {value for value in values if not any(value in spoken[table] for table in tables)} == set()


def test_no_words_are_left_of_a_fact_that_no_event_can_show() -> None:
    events = {event.__name__: facts_of(event) for event in Timeline.subscribes}
    said = {name for facts in events.values() for name in facts} | set(contracts.RegistrationChanged.model_fields)
    for name in words("en")["fact"]:
        event, _, field = name.rpartition(".")
        assert field in (events[event] if event else said)


def test_instants_are_in_the_providers_zone_and_what_is_yes_or_no_says_so() -> None:
    agreed = dispatch.VisitHeld(**WHO, visit_id="V", ticket_no="T", clause="QNP-08", to_agree=True)
    assert folded_out(agreed, "th") == {
        "เลขที่การเข้าให้บริการ": "V", "ข้อกำหนด": "QNP-08", "ต้องตกลงเวลา": "ใช่"
    }  # fmt: skip
    shipped = shipments.UnitShipped(
        **WHO, shipment_id="S", ticket_no="T", serial="SN", shipped_at=NOON, attempt=1, mode="advance"
    )
    said = folded_out(shipped, "ja")
    assert (said["発送日時"], said["交換方法"]) == ("2026-04-30 12:00", "先出し")


def test_money_is_said_with_its_currency() -> None:
    paid = billing.PaymentReceived(
        **WHO, invoice_no="I", payment_id="P", amount=535_000, currency="THB", received_on=date(2026, 4, 30),
        outstanding=0,
    )  # fmt: skip
    said = folded_out(paid, "en", "THB")
    assert (said["Amount"], said["Still owed"], said["Received on"]) == ("5,350.00 THB", "0.00 THB", "2026-04-30")
    assert "currency" not in said
    noticed = licences.RenewalNoticed(
        **WHO, licence_id="L", language="ja", maintained_until=date(2026, 5, 1), fee=80_000, currency="JPY",
        clause="CWC-09",
    )  # fmt: skip
    said = folded_out(noticed, "ja", "JPY")
    assert (said["費用(税抜)"], said["言語"]) == ("80,000 JPY", "日本語")


def test_the_same_name_is_said_as_each_event_means_it() -> None:
    note = billing.CreditNoteIssued(
        **WHO, credit_note_no="CN", invoice_no="I", issued_on=date(2026, 4, 30), net=1, taxes=(), total=1,
        currency="JPY", paid_back=0, reason="one too many", part=True,
    )  # fmt: skip
    assert folded_out(note, "en", "JPY")["Only a part"] == "yes"
    handed_over = dispatch.PartHandedOver(**WHO, visit_id="V", ticket_no="T", serial="SN", part="disk", clause="QNP-11")
    assert folded_out(handed_over, "ja")["部品"] == "ディスク"


def test_what_changed_is_named_in_words_and_hashes_and_people_are_no_facts() -> None:
    changed = contracts.RegistrationChanged(**WHO, contract_id="C", changed=("site", "height_cm"), effective_at=NOON)
    assert folded_out(changed, "en")["What changed"] == "Site, Height (cm)"
    issued = facts_of(licences.MemberIdIssued)
    assert {"member_id", "member_id_hash", "licence_key"} & issued.keys() == set()


def test_a_value_that_no_terms_know_is_said_as_it_stands() -> None:
    assert known("a category of their own", "th") == "a category of their own"


@pytest.mark.parametrize(
    ("amount", "currency", "said"),
    [
        (1_284_000, "THB", "12,840.00 THB"),
        (5, "THB", "0.05 THB"),
        (-105, "THB", "-1.05 THB"),
        (12_840, "JPY", "12,840 JPY"),
        (12_840, "VND", "12,840 VND"),
        (12_840, "KWD", "12.840 KWD"),
        (9_007_199_254_740_993, "THB", "90,071,992,547,409.93 THB"),
        (12_840, "", "12,840"),
    ],
)
def test_an_amount_has_the_digits_of_its_currency(amount: int, currency: str, said: str) -> None:
    assert money(amount, currency) == said


@pytest.mark.parametrize(
    "serial",
    [
        "2026-99-01T00:00Z",
        "9999-12-31T23:59Z",
        "0001-01-01T00:00+14:00",
        "2026-01-01T00:00+99:00",
        "２０２６-01-01T00:00Z",
    ],
)
def test_what_a_customer_calls_a_device_is_no_instant_though_it_looks_like_one(serial: str) -> None:
    assert looked_at(serial, "asset_serial", "en", BANGKOK) == serial
    assert looked_at("2026-04-30T05:00:00Z", "received_at", "en", BANGKOK) == "2026-04-30 12:00"


PLANS = sorted((Path(__file__).parents[3] / "plans").glob("*.toml"))
RECEIVED: dict[str, Any] = {"received_at": NOON, "channel": "mail"}
ON_RECORD: dict[str, Any] = {
    "asset": {"serial": "S-1", "registered": True, "kind": "service", "bought_from_provider": True},
    "customer": {"competitor": True, "member_id": "void", "buyer": False, "bought_licence": True},
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("file", PLANS, ids=lambda file: file.stem)
def test_whatever_a_clause_looked_at_has_its_words(file: Path, language: str) -> None:
    """A Japanese page said `unknown` and `categories`."""
    plan, names = load(file.read_text()), set[str]()
    for category in (None, *(each.id for each in plan.coverage.categories)):
        for more in ({}, ON_RECORD):
            request = RECEIVED | {"category": category}
            facts = Facts.model_validate({"provider": plan.provider, "request": request, **more})
            for finding in decide_coverage(plan, facts).findings:
                names |= {name for name, value in finding.inputs.items() if value is not None}
    said = words(language)
    assert names - (said["input"].keys() | said["details"].keys() | said["fact"].keys()) == set()


@pytest.mark.parametrize(("language", "said"), [("en", "Paid back on"), ("ja", "返金日"), ("th", "วันที่คืนเงิน")])
def test_the_day_of_a_refund_is_not_that_of_a_payment(language: str, said: str) -> None:
    assert fact_name("RefundPaid", "paid_on", language) == said != fact_name("InvoicePaid", "paid_on", language)
