"""Facts that cannot be true together are refused, all of them at once and by name; what could be true is taken."""

from typing import Any

import pytest
from kippu_terms.facts import Facts
from kippu_terms.orders.facts import OrderFacts
from kippu_terms.stated import (
    StatedAsset,
    StatedContract,
    StatedCustomer,
    StatedDevice,
    StatedRequest,
    StatedWish,
)
from pydantic import BaseModel, ValidationError

RECEIVED = "2026-11-20T10:00:00+09:00"
BEFORE, AFTER = "2026-11-20T09:59:59+09:00", "2026-11-20T10:00:01+09:00"
REQUEST = {"received_at": RECEIVED}
ASSET = {"serial": "SN-1", "registered": True}
CONTRACT = {"product": "onsite-weekday", "valid_from": "2026-01-01"}
WISH = {"product": "onsite-weekday", "ordered_on": "2026-11-20"}


def contradictions(model: type[BaseModel], facts: dict[str, Any]) -> list[str]:
    """The fields at which there are any."""
    try:
        model.model_validate(facts)
    except ValidationError as error:
        return [".".join(map(str, each["loc"])) for each in error.errors()]
    return []


@pytest.mark.parametrize(
    ("model", "usual", "true", "false", "field"),
    [
        (StatedRequest, REQUEST, {"wanted_at": RECEIVED}, {"wanted_at": BEFORE}, "wanted_at"),
        (StatedRequest, REQUEST, {"failed_at": RECEIVED}, {"failed_at": AFTER}, "failed_at"),
        (StatedRequest, REQUEST, {"answer_wanted_by": RECEIVED}, {"answer_wanted_by": BEFORE}, "answer_wanted_by"),
        (
            StatedRequest,
            REQUEST | {"isolated_at": BEFORE},
            {"failed_at": BEFORE},
            {"failed_at": RECEIVED},
            "failed_at",
        ),
        (
            StatedRequest,
            REQUEST,
            {"pauses": [{"begins_at": RECEIVED, "ends_at": RECEIVED}]},
            {"pauses": [{"begins_at": BEFORE, "ends_at": AFTER}]},
            "pauses",
        ),
        (
            StatedRequest,
            REQUEST,
            {"pauses": [{"begins_at": RECEIVED, "ends_at": AFTER}]},
            {"pauses": [{"begins_at": AFTER, "ends_at": RECEIVED}]},
            "pauses",
        ),
        (
            StatedAsset,
            ASSET | {"bought_on": "2026-04-01"},
            {"warranty_until": "2026-04-01"},
            {"warranty_until": "2026-03-31"},
            "warranty_until",
        ),
        (StatedAsset, ASSET, {"part_of": "SN-2"}, {"part_of": "SN-1"}, "part_of"),
        (StatedAsset, ASSET | {"registered": False}, {"replaced_by": "SN-2"}, {"replaced_by": "SN-1"}, "replaced_by"),
        (StatedAsset, ASSET, {"replaced_by": None}, {"replaced_by": "SN-2"}, "replaced_by"),
        (StatedContract, CONTRACT, {"valid_until": "2026-01-01"}, {"valid_until": "2025-12-31"}, "valid_until"),
        (StatedCustomer, {"bought_licence": False}, {"member_id": "none"}, {"member_id": "valid"}, "member_id"),
        (StatedCustomer, {"bought_licence": False}, {"incident_member": "valid"}, {"member_id": "void"}, "member_id"),
        (StatedCustomer, {}, {"member_id": "valid"}, {"bought_licence": False, "member_id": "valid"}, "member_id"),
        (
            StatedDevice,
            {"bought_on": "2026-04-01"},
            {"delivered_on": "2026-04-01"},
            {"delivered_on": "2026-03-31"},
            "delivered_on",
        ),
        (
            StatedDevice,
            {"bought_on": "2026-04-01"},
            {"warranty_until": "2026-04-01"},
            {"warranty_until": "2026-03-31"},
            "warranty_until",
        ),
        (
            StatedWish,
            WISH,  # some wall clock on earth shows the 20th, and none does
            {"ordered_at": "2026-11-19T10:00:00Z"},
            {"ordered_at": "2026-11-19T09:59:59Z"},
            "ordered_at",
        ),
        (
            StatedWish,
            WISH,
            {"ordered_at": "2026-11-21T13:59:59Z"},
            {"ordered_at": "2026-11-21T14:00:00Z"},
            "ordered_at",
        ),
        (
            StatedWish,
            WISH,
            {"asset": {"failed_at": "2026-11-20T23:59:00+09:00"}},
            {"asset": {"failed_at": "2026-11-22T10:00:00+09:00"}},
            "asset",
        ),
    ],
)
def test_what_cannot_be_true_is_refused_and_what_just_can_is_taken(
    model: type[BaseModel], usual: dict[str, Any], true: dict[str, Any], false: dict[str, Any], field: str
) -> None:
    assert contradictions(model, usual | true) == []
    assert contradictions(model, usual | false) == [field]


def test_all_of_them_are_named_at_once_with_what_is_malformed() -> None:
    request = REQUEST | {"wanted_at": BEFORE, "failed_at": AFTER, "answer_wanted_by": BEFORE, "channel": "pigeon"}
    assert contradictions(StatedRequest, request) == ["channel", "wanted_at", "answer_wanted_by", "failed_at"]


def test_each_says_what_to_do_and_repeats_nothing_of_what_was_sent() -> None:
    with pytest.raises(ValidationError) as refused:
        StatedAsset.model_validate(ASSET | {"bought_on": "2026-04-01", "warranty_until": "2026-03-31"})
    (fault,) = refused.value.errors()
    said = "warranty_until is before bought_on, which it cannot be; correct one of the two"
    assert (fault["type"], fault["msg"]) == ("contradiction", said)


def test_what_is_unusual_could_be_true() -> None:
    """A configuration and an isolation after the report, a warranty and a contract that are over, a dead serial."""
    assert contradictions(StatedRequest, REQUEST | {"config_file_at": AFTER, "isolated_at": AFTER}) == []
    assert contradictions(StatedAsset, ASSET | {"bought_on": "2030-01-01", "installed_by": "customer"}) == []
    over = CONTRACT | {"valid_until": "2026-01-31", "registered_at": AFTER, "status": "pre_registered"}
    assert contradictions(StatedContract, over) == []
    assert contradictions(StatedCustomer, {"bought_licence": True, "member_id": "void", "competitor": True}) == []


def test_what_our_own_records_say_is_decided_on_whatever_it_is() -> None:
    records = {"request": REQUEST | {"failed_at": AFTER}, "asset": ASSET | {"replaced_by": "SN-1"}}
    assert Facts.model_validate({"provider": "qnp", **records}).request.failed_at is not None
    assert OrderFacts.model_validate({"provider": "qnp", **WISH, "ordered_at": "2026-11-25T00:00:00Z"}).ordered_at
