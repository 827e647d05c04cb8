"""SVT-06 and SVT-07: what a registration states, and what a renewal need not state again."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kippu_terms.plan import Plan
from kippu_terms.registration import RegistrationFile, RegistrationTerms, SerialForm, Stated, carried_over, faults_of

COMPLETE = Stated(consent=True, serial="12345678901", model="M24ePWR", contact_id="contact-1", has_site=True)
RENEWED = Stated(serial="10000000001", model="M24ePWR", contact_id="contact-9", has_site=True)


@pytest.fixture(scope="module")
def registration(svt: Plan) -> RegistrationTerms:
    assert svt.contracts.registration is not None
    return svt.contracts.registration


def broken(terms: RegistrationTerms, **changes: Any) -> list[tuple[str | None, str, str | None]]:
    faults = faults_of(terms, COMPLETE.model_copy(update=changes))
    return [(fault.field, fault.code, fault.clause) for fault in faults]


@pytest.mark.clause("SVT-08")
@pytest.mark.parametrize(
    ("subject", "brings"),
    [
        ("[registration] two switches", True),
        ("RE: Fwd: ［ＲＥＧＩＳＴＲＡＴＩＯＮ］ two switches", True),
        ("【登録】お願いします", True),
        ("two switches [Registration]", True),
        ("registration of two switches", False),  # a word, and no mark
        ("登録について", False),
        ("", False),
    ],
)
def test_a_mail_says_by_a_mark_in_its_subject_that_it_brings_registrations(
    registration: RegistrationTerms, subject: str, brings: bool
) -> None:
    assert registration.file is not None
    assert registration.file.is_named_in(subject) is brings
    assert not RegistrationFile(clause="SVT-08").is_named_in(subject)  # terms without marks take none by mail


@pytest.mark.clause("SVT-06")
def test_a_complete_registration_is_in_order(registration: RegistrationTerms) -> None:
    assert broken(registration) == []


@pytest.mark.clause("SVT-06")
@pytest.mark.parametrize(
    ("field", "nothing"),
    [("consent", False), ("serial", None), ("serial", ""), ("model", None), ("contact_id", None), ("site", False)],
)
def test_each_field_is_asked_for(registration: RegistrationTerms, field: str, nothing: Any) -> None:
    change = {"has_site" if field == "site" else field: nothing}
    assert broken(registration, **change) == [(field, "missing", "SVT-06")]


@pytest.mark.clause("SVT-06")
def test_every_fault_is_named_at_once(registration: RegistrationTerms) -> None:
    assert [fault.field for fault in faults_of(registration, Stated())] == [
        "consent",
        "serial",
        "model",
        "contact_id",
        "site",
    ]
    several = broken(registration, serial="123", consent=False, contact_id=None)
    assert several == [
        ("consent", "missing", "SVT-06"),
        ("contact_id", "missing", "SVT-06"),
        ("serial", "malformed", "SVT-06"),
    ]


@pytest.mark.clause("SVT-06")
@pytest.mark.parametrize(
    ("model", "serial", "fits"),
    [
        ("M24ePWR", "12345678901", True),
        ("M24ePWR", "1234567890", False),
        ("M24ePWR", "123456789012", False),
        ("M24ePWR", "123456", False),
        ("M12ePWR", "123456", True),
        ("M12ePWR", "12345", False),
        ("M12ePWR", "1234567", False),
        ("M12ePWR", "12345678901", False),
        ("S12PWR", "123456", True),
        ("Ｓ１２ＰＷＲ", "123456", True),
        ("m12epwr", "123456", True),
        ("M24ePWR", "１２３４５６７８９０１", True),
        ("M24ePWR", " 12345 678901 ", True),
        ("M24ePWR", "1234567890A", False),
        ("M24ePWR", "١٢٣٤٥٦٧٨٩٠١", False),  # digits of another script
    ],
)
def test_serial_numbers_have_11_digits_and_those_of_two_models_6(
    registration: RegistrationTerms, model: str, serial: str, fits: bool
) -> None:
    found = broken(registration, model=model, serial=serial)
    assert found == ([] if fits else [("serial", "malformed", "SVT-06")])


@pytest.mark.clause("SVT-06")
@given(st.text(max_size=14))
def test_whatever_is_written_counts_as_a_serial_number_only_with_11_plain_digits(svt: Plan, written: str) -> None:
    terms = svt.contracts.registration
    assert terms is not None
    faults = faults_of(terms, COMPLETE.model_copy(update={"serial": written}))
    digits = sum(letter.isdigit() for letter in written)
    assert len(faults) <= 1
    assert faults or digits >= 11


@pytest.mark.clause("SVT-07")
def test_a_renewal_takes_over_what_it_does_not_state(registration: RegistrationTerms) -> None:
    stated, taken = carried_over(registration, Stated(consent=True), RENEWED)
    assert faults_of(registration, stated) == ()
    assert (stated.serial, stated.model, stated.contact_id) == ("10000000001", "M24ePWR", "contact-9")
    assert taken == {"serial", "model", "contact_id", "has_site"}


@pytest.mark.clause("SVT-07")
@pytest.mark.parametrize(
    ("change", "taken"),
    [
        ({"contact_id": "contact-2"}, {"serial", "model", "has_site"}),
        ({"has_site": True}, {"serial", "model", "contact_id"}),
        ({"serial": "20000000002", "model": "M24ePWR"}, {"contact_id", "has_site"}),
    ],
)
def test_what_changed_is_stated_and_counts(
    registration: RegistrationTerms, change: dict[str, Any], taken: set[str]
) -> None:
    stated, found = carried_over(registration, Stated(consent=True, **change), RENEWED)
    assert found == taken
    assert faults_of(registration, stated) == ()
    assert {name: getattr(stated, name) for name in change} == change


@pytest.mark.clause("SVT-07")
def test_another_device_is_stated_whole(registration: RegistrationTerms) -> None:
    stated, _ = carried_over(registration, Stated(consent=True, serial="20000000002"), RENEWED)
    assert [fault.field for fault in faults_of(registration, stated)] == ["model"]


@pytest.mark.clause("SVT-06", "SVT-07")
def test_consent_is_asked_for_each_time_and_a_first_contract_takes_nothing_over(
    registration: RegistrationTerms,
) -> None:
    stated, _ = carried_over(registration, Stated(), RENEWED)
    assert [fault.field for fault in faults_of(registration, stated)] == ["consent"]
    assert carried_over(registration, Stated(consent=True), None) == (Stated(consent=True), frozenset())


def test_other_terms_may_ask_for_less() -> None:
    terms = RegistrationTerms(clause="NEC-Q14", consent=False)
    stated = COMPLETE.model_copy(update={"consent": False, "serial": "any-1"})
    assert faults_of(terms, stated) == ()
    assert carried_over(terms, Stated(), RENEWED) == (Stated(), frozenset())  # nothing says that it carries over
    named = RegistrationTerms(clause="NEC-Q14", serials=(SerialForm(digits=4, models=frozenset({"A"})),))
    assert faults_of(named, stated.model_copy(update={"consent": True})) == ()
