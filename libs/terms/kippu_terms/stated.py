"""Facts as somebody outside states them. What cannot be true together is refused: every contradiction, at its field.

Facts that come from our own records are not asked: a decision on them has to be made, whatever was recorded. What is
only unusual is left alone, as it could be true.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, ClassVar

from pydantic import ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from kippu_terms.clock import Pause
from kippu_terms.facts import AssetFacts, ContractFacts, CustomerFacts, RequestFacts
from kippu_terms.orders.facts import OrderedAsset, OrderWish
from kippu_terms.value import Value

Sequence = Mapping[str, tuple[str, ...]]
"""Field → fields that stand before it in the model, and that it cannot be earlier, or later, than."""

_EARTH = timedelta(hours=14)
"""No wall clock is further from UTC."""


def contradiction(message: str, **values: Any) -> PydanticCustomError:
    """What is wrong, and that one of the facts has to be corrected."""
    return PydanticCustomError("contradiction", f"{message}; correct one of the two", values)


def falls_before(instant: datetime, day: date) -> bool:
    """True if it is earlier than the day wherever on earth that is."""
    return (instant + _EARTH).astimezone(UTC).date() < day


def falls_after(instant: datetime, day: date) -> bool:
    """True if it is later than the day wherever on earth that is."""
    return (instant - _EARTH).astimezone(UTC).date() > day


class Stated(Value):
    """Fields that come one after the other, as far as they are stated."""

    not_before: ClassVar[Sequence] = {}
    not_after: ClassVar[Sequence] = {}

    @field_validator("*")
    @classmethod
    def _in_sequence(cls, value: Any, info: ValidationInfo) -> Any:
        name = str(info.field_name)
        for other in cls.not_before.get(name, ()):
            if value is not None and info.data.get(other) is not None and value < info.data[other]:
                raise contradiction(f"{name} is before {other}, which it cannot be")
        for other in cls.not_after.get(name, ()):
            if value is not None and info.data.get(other) is not None and value > info.data[other]:
                raise contradiction(f"{name} is after {other}, which it cannot be")
        return value


class StatedRequest(Stated, RequestFacts):
    not_before: ClassVar[Sequence] = {"answer_wanted_by": ("received_at",)}
    not_after: ClassVar[Sequence] = {"failed_at": ("received_at", "isolated_at")}

    @field_validator("pauses")
    @classmethod
    def _pauses_while_it_is_open(cls, pauses: tuple[Pause, ...], info: ValidationInfo) -> tuple[Pause, ...]:
        received_at = info.data.get("received_at")
        for pause in pauses:
            if pause.ends_at < pause.begins_at:
                raise contradiction("a pause ends before it begins")
            if received_at is not None and pause.begins_at < received_at:
                raise contradiction("a pause begins before the request was received")
        return pauses


class StatedAsset(Stated, AssetFacts):
    not_before: ClassVar[Sequence] = {"warranty_until": ("bought_on",)}

    @field_validator("replaced_by", "part_of")
    @classmethod
    def _is_another(cls, other: str | None, info: ValidationInfo) -> str | None:
        if other is not None and other == info.data.get("serial"):
            raise contradiction("{field} is the serial itself, and names another unit", field=info.field_name)
        if other is not None and info.field_name == "replaced_by" and info.data.get("registered"):
            raise contradiction("what was replaced is not registered any more")
        return other


class StatedContract(Stated, ContractFacts):
    not_before: ClassVar[Sequence] = {"valid_until": ("valid_from",)}


class StatedCustomer(CustomerFacts):
    @field_validator("member_id")
    @classmethod
    def _came_with_a_licence(cls, member_id: str | None, info: ValidationInfo) -> str | None:
        if member_id in ("valid", "void") and info.data.get("bought_licence") is False:
            raise contradiction("a member ID comes with a licence, and none was bought (bought_licence)")
        return member_id


class StatedDevice(Stated, OrderedAsset):
    not_before: ClassVar[Sequence] = {"delivered_on": ("bought_on",), "warranty_until": ("bought_on",)}


class StatedWish(OrderWish):
    """An order, asked about before it is placed."""

    asset: StatedDevice | None = None
    customer: StatedCustomer | None = None

    @field_validator("ordered_at")
    @classmethod
    def _on_the_day(cls, ordered_at: datetime | None, info: ValidationInfo) -> datetime | None:
        day = info.data.get("ordered_on")
        if ordered_at is None or day is None:
            return ordered_at
        if falls_before(ordered_at, day) or falls_after(ordered_at, day):
            raise contradiction("ordered_at is on another day than ordered_on, in every zone")
        return ordered_at

    @field_validator("asset")
    @classmethod
    def _failed_before(cls, asset: StatedDevice | None, info: ValidationInfo) -> StatedDevice | None:
        day = info.data.get("ordered_on")
        if asset is not None and asset.failed_at is not None and day is not None and falls_after(asset.failed_at, day):
            raise contradiction("failed_at is after the order (ordered_on)")
        return asset


def delivered_once_bought(contracts: tuple[StatedContract, ...], asset: AssetFacts | None) -> None:
    """Raises a contradiction for a device that came before it was bought."""
    bought_on = asset.bought_on if asset else None
    for number, contract in enumerate(contracts):
        if bought_on is not None and contract.delivered_on is not None and contract.delivered_on < bought_on:
            message = "contracts.{number}.delivered_on is before asset.bought_on, which it cannot be"
            raise contradiction(message, number=number)
