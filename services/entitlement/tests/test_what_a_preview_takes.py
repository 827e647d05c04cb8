"""Previews look nothing up, so that what they are sent is all that limits them. Pure."""

from typing import Any

import pytest
from kippu_entitlement.order_preview import MAX_HELD, MAX_LINES, OrderPreviewInput
from kippu_entitlement.preview import PreviewInput
from pydantic import ValidationError

ORDER = {"plan_family": "cwc", "product": "licence", "ordered_on": "2026-11-16"}
LINE = {"product": "annual-maintenance"}
HELD = {"contract_id": "C-1", "product": "licence", "valid_from": "2026-04-01", "valid_until": "2027-03-31"}


@pytest.mark.parametrize(("field", "each", "most"), [("together", LINE, MAX_LINES - 1), ("held", HELD, MAX_HELD)])
def test_an_order_of_more_lines_than_can_be_ordered_is_not_previewed(
    field: str, each: dict[str, Any], most: int
) -> None:
    """Each line is decided knowing all others: one of 3,000 took 25 s, and was answered by 30 MB."""
    OrderPreviewInput.model_validate(ORDER | {field: [each] * most})
    with pytest.raises(ValidationError, match="too_long"):
        OrderPreviewInput.model_validate(ORDER | {field: [each] * (most + 1)})


@pytest.mark.parametrize("delivered_on", ["9999-12-31", "0001-01-01"])
def test_a_delivery_beyond_the_calendar_is_refused(delivered_on: str) -> None:
    """The month after next of December 9999 was answered 500."""
    contract = {"product": "onsite-weekday", "valid_from": "2026-01-01", "valid_until": "2026-12-31"}
    request = {"received_at": "2026-05-01T10:00:00+09:00", "category": "fault"}
    asked = {"plan_family": "qnp", "request": request, "contracts": [contract | {"delivered_on": delivered_on}]}
    with pytest.raises(ValidationError, match="delivered_on"):
        PreviewInput.model_validate(asked)
