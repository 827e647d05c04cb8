"""A plan file whose hours pause, contracts end or packs go together in a way that cannot be obeyed is refused."""

from pathlib import Path

import pytest
from kippu_terms.loading import check

SOURCE = (Path(__file__).parents[3] / "plans" / "nec-esp.toml").read_text()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("closes = 12:00:00, opens = 13:00:00", "closes = 13:00:00, opens = 12:00:00", "within the hours"),
        ("closes = 12:00:00, opens = 13:00:00", "closes = 08:00:00, opens = 13:00:00", "within the hours"),
        ("closes = 12:00:00, opens = 13:00:00", "closes = 12:00:00", "Field required"),
        ('hours = "registration_desk"', 'hours = "front_desk"', "no hours 'front_desk'"),
        ("remind_months_before = []", "remind_months_before = [0]", "greater than or equal to 1"),
        ('kind = "one_family"\nclause = "NEC-Q10"\ngroups = ["esp", "esp-g2"]',
         'kind = "one_family"\nclause = "NEC-Q10"\ngroups = ["esp"]', "at least 2 items"),
        ('groups = ["esp"]\nrenewals', 'groups = ["esp-g3"]\nrenewals', "no group 'esp-g3'"),
        ('held = ["g2-5day-3y", "g2-24x365-3y"]', 'held = ["g2-5day-2y"]', "no product 'g2-5day-2y'"),
        ('reasons = ["lost"]', 'reasons = ["stolen"]', "'lost'"),
        ("years = 5", "years = 0", "greater than or equal to 1"),
        ('parts = ["ups_battery"]', "parts = []", "at least 1 item"),
    ],
)  # fmt: skip
def test_it_is_a_fault_on_its_line(old: str, new: str, message: str) -> None:
    assert check(SOURCE) == []
    assert old in SOURCE
    faults = check(SOURCE.replace(old, new, 1))
    assert any(message in fault.message for fault in faults), faults
    assert all(fault.line > 1 and fault.advice for fault in faults)
