"""What comes from outside says what it is: a bare number is neither an instant nor a date, and no truth value."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from kippu_terms.facts import AssetFacts, CustomerFacts, RequestFacts
from kippu_terms.orders.facts import OrderWish
from kippu_terms.value import StatedDate, StatedInstant
from pydantic import TypeAdapter, ValidationError

INSTANT: TypeAdapter[datetime] = TypeAdapter(StatedInstant)
DAY: TypeAdapter[date] = TypeAdapter(StatedDate)


@pytest.mark.parametrize(
    "stated",
    [
        "2026-11-16T09:30:00+07:00",
        "2026-11-16T02:30:00Z",
        "2026-11-16t02:30:00z",
        "2026-11-16 09:30+07:00",
        "2026-11-16T09:30:00.000+0700",
        datetime(2026, 11, 16, 2, 30, tzinfo=UTC),
    ],
)
def test_an_instant_is_read_with_its_offset(stated: Any) -> None:
    assert INSTANT.validate_python(stated) == datetime(2026, 11, 16, 2, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "stated", [1_763_260_200, 1_763_260_200.5, "1763260200", "-1", True, "2026-11-16", "2026-11-16T09:30:00", "soon"]
)
def test_what_does_not_say_which_instant_it_is_is_refused_with_the_form(stated: Any) -> None:
    with pytest.raises(ValidationError, match=r"RFC 3339.*2026-11-16T09:30:00\+07:00"):
        INSTANT.validate_python(stated)


@pytest.mark.parametrize("stated", ["2026-02-30T10:00:00Z", "2026-11-16T24:30:00Z"])
def test_an_instant_that_does_not_exist_is_refused(stated: str) -> None:
    with pytest.raises(ValidationError):
        INSTANT.validate_python(stated)


@pytest.mark.parametrize("stated", ["2026-11-16", date(2026, 11, 16)])
def test_a_date_is_read(stated: Any) -> None:
    assert DAY.validate_python(stated) == date(2026, 11, 16)


@pytest.mark.parametrize("stated", [0, 1_763_251_200, 20_261_116, "1763251200", "20261116", False, "2026-11"])
def test_a_number_is_no_date(stated: Any) -> None:
    with pytest.raises(ValidationError, match="RFC 3339: 2026-11-16"):
        DAY.validate_python(stated)


@pytest.mark.parametrize("number", [1_763_260_200, "1763260200"])
def test_facts_take_no_number_for_an_instant_or_a_date(number: Any) -> None:
    with pytest.raises(ValidationError, match="an instant is written"):
        RequestFacts(received_at=number)
    with pytest.raises(ValidationError, match="a date is written"):
        AssetFacts(serial="SN-1", registered=True, bought_on=number)
    with pytest.raises(ValidationError, match="a date is written"):
        OrderWish(product="se-10", ordered_on=number)


@pytest.mark.parametrize("stated", ["yes", "true", 1, 0, 1.0])
def test_a_fact_that_is_true_or_false_is_no_other_word_or_number(stated: Any) -> None:
    for facts, field in ((RequestFacts, "internet"), (AssetFacts, "remote_island"), (CustomerFacts, "competitor")):
        with pytest.raises(ValidationError, match=rf"{field}\n *Input should be a valid boolean"):
            facts.model_validate({field: stated})
