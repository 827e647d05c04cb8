"""Previews look nothing up, so that what they are sent is all that limits them. Pure."""

from typing import Any

import pytest
from kippu_entitlement.api.assets import AssetInput
from kippu_entitlement.api.bookings import BookingInput
from kippu_entitlement.api.contract_registrations import SiteInput
from kippu_entitlement.order_preview import MAX_HELD, MAX_LINES, OrderPreviewInput
from kippu_entitlement.preview import PreviewInput
from kippu_entitlement.renewal_preview import RenewalPreviewInput
from kippu_entitlement.testing.contracts import REGISTRATION_BODY
from kippu_entitlement.testing.desk import ASSET_BODY
from pydantic import BaseModel, ValidationError

ORDER = {"plan_family": "cwc", "product": "licence", "ordered_on": "2026-11-16"}
BOOKING = {
    "customer_id": "customer-1",
    "plan_family": "sixth",
    "contact_id": "contact-1",
    "product": "remote-hour",
    "starts_at": "2026-12-01T10:00:00+09:00",
}
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


def test_contradictions_of_all_facts_are_named_at_once_by_their_fields() -> None:
    asked = {
        "plan_family": "qnp",
        "request": {
            "received_at": "2026-05-01T10:00:00+09:00",
            "wanted_at": "2026-05-01T09:00:00+09:00",
            "failed_at": "2026-05-01T11:00:00+09:00",
        },
        "asset": {
            "serial": "SN-1",
            "registered": True,
            "bought_on": "2026-04-01",
            "warranty_until": "2026-03-31",
        },
        "contracts": [{"product": "onsite-weekday", "valid_from": "2026-01-02", "valid_until": "2026-01-01"}],
        "customer": {"bought_licence": False, "member_id": "valid"},
    }
    assert fields_refused(PreviewInput, asked) == [
        "request.wanted_at",
        "request.failed_at",
        "asset.warranty_until",
        "contracts.0.valid_until",
        "customer.member_id",
    ]


@pytest.mark.parametrize(("delivered_on", "refused"), [("2026-04-01", []), ("2026-03-31", ["contracts"])])
def test_a_device_is_not_delivered_before_it_was_bought(delivered_on: str, refused: list[str]) -> None:
    contract = {"product": "onsite-weekday", "valid_from": "2026-06-01", "valid_until": "2027-05-31"}
    asked = {
        "plan_family": "qnp",
        "request": {"received_at": "2026-07-01T10:00:00+09:00"},
        "asset": {"serial": "SN-1", "registered": True, "bought_on": "2026-04-01"},
        "contracts": [contract, contract | {"delivered_on": delivered_on}],
    }
    assert fields_refused(PreviewInput, asked) == refused


def test_orders_and_renewals_that_are_asked_about_are_looked_at_likewise() -> None:
    device = {"bought_on": "2026-04-01", "delivered_on": "2026-03-31", "warranty_until": "2026-03-30"}
    facts = {"asset": device, "customer": {"bought_licence": False, "member_id": "void"}}
    refused = ["asset.delivered_on", "asset.warranty_until", "customer.member_id"]
    assert fields_refused(OrderPreviewInput, ORDER | facts) == refused
    licence = {"price_paid": 1, "full_on": "2026-01-01", "maintained_until": "2026-12-31"}
    renewal = {"plan_family": "cwc", "ordered_on": "2026-11-16", "licence": licence}
    assert fields_refused(RenewalPreviewInput, renewal) == []
    assert fields_refused(RenewalPreviewInput, renewal | facts) == refused


@pytest.mark.parametrize("said", [True, False, "1", 1.0])
def test_a_number_is_a_number_wherever_facts_are_stated(said: Any) -> None:
    facts = {
        "plan_family": "qnp",
        "request": {"received_at": "2026-05-01T10:00:00+09:00", "wanted_minutes": said},
        "asset": {"serial": "SN-1", "registered": True, "height_cm": said},
    }
    assert fields_refused(PreviewInput, facts) == ["request.wanted_minutes", "asset.height_cm"]
    assert fields_refused(AssetInput, ASSET_BODY | {"height_cm": said}) == ["height_cm"]
    assert fields_refused(SiteInput, REGISTRATION_BODY["site"] | {"height_cm": said}) == ["height_cm"]
    assert fields_refused(BookingInput, BOOKING | {"minutes": said}) == ["minutes"]
    assert fields_refused(OrderPreviewInput, ORDER | {"quantity": said}) == ["quantity"]


def fields_refused(model: type[BaseModel], asked: dict[str, Any]) -> list[str]:
    try:
        model.model_validate(asked)
    except ValidationError as error:
        return [".".join(map(str, each["loc"])) for each in error.errors()]
    return []
