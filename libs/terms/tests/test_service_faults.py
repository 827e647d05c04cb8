"""A plan file with services that cannot be obeyed is refused, with the line."""

from pathlib import Path

import pytest
from kippu_terms.loading import check

SOURCE = (Path(__file__).parents[3] / "plans" / "qnp.toml").read_text()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('products = ["onsite-24h"]', 'products = ["onsite-25h"]', "no maintenance product 'onsite-25h'"),
        ('products = ["onsite-24h"]', 'products = ["non-return-disk"]', "no maintenance product"),
        ('reception = "desk"', 'reception = "dusk"', "no hours 'dusk'"),
        ('within = "desk"', 'within = "dusk"', "no hours 'dusk'"),
        ('service = "onsite_24h"', 'service = "onsite_25h"', "no service 'onsite_25h'"),
        ('quoted = "repair_after_warranty"', 'quoted = "repair"', "no service 'repair'"),
        ('services = ["technical_support"]', 'services = ["support"]', "no service 'support'"),
        ('on_services = ["onsite_weekday"', 'on_services = ["onsite_weekend"', "no service 'onsite_weekend'"),
        ('option = "non-return-disk"', 'option = "non-return-disc"', "no product 'non-return-disc'"),
        ('charge_product = "overdue-return"', 'charge_product = "onsite-24h"', "no charge 'onsite-24h'"),
        ('only_with = ["onsite-weekday"', 'only_with = ["onsite-weekend"', "no product 'onsite-weekend'"),
        ('id = "send_back"', 'id = "advance_send_back"', "defined twice"),
        ('categories = ["isolation", "question"]\nchannels', 'categories = ["query"]\nchannels', "no category 'query'"),
        ("business_days = 2", "business_days = 2.0", "valid integer"),
        ("business_days = 2", "business_days = 0", "greater than or equal to 1"),
        ("business_days = 2", "hours = 4\nbusiness_days = 2", "one of them"),
        ("hours = 4\n", 'hours = 4\nbound = "from"\n', "straight through"),
        ("until = 13:00:00,", 'until = 13:00:00, within = "desk",', "one of them"),
        ("until = 13:00:00, bound", 'until = "13:00", bound', "valid time"),
        ("tickets = 5\n", "", "at least one in `tickets`"),
        ('kind = "option"', 'kind = "maintenance"', "validity_months"),
        ("validity_months = 12", "", "validity_months"),
        ("consult_on_islands = true", "consult_on_islands = 1", "valid boolean"),
        ('way = "exchange"', 'way = "exchange"\nskill = "nas"', "nobody is sent"),
        ('skill = "nas"', 'skill = "NAS units"', "should match pattern"),
        ('late_return = "credited"', 'late_return = "maybe"', "'credited' or 'kept'"),
    ],
)
def test_a_service_that_cannot_be_obeyed_is_a_fault_on_its_line(old: str, new: str, message: str) -> None:
    assert check(SOURCE) == []
    assert old in SOURCE
    faults = check(SOURCE.replace(old, new, 1))
    assert any(message in fault.message for fault in faults), faults
    assert all(fault.line > 1 and fault.advice for fault in faults)


def test_a_target_that_is_never_reached_is_a_fault() -> None:
    text = SOURCE.replace('areas = ["tokyo", "nagoya", "osaka"]\n\n[[fulfilment.services.targets]]',
                          "\n[[fulfilment.services.targets]]")  # fmt: skip
    (fault,) = check(text)
    assert "never reached" in fault.message
    assert "targets" in text.splitlines()[fault.line - 1]
