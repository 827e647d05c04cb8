"""What a coverage decision rests on. What nobody knows yet is None; a decision that needs it waits for it."""

from datetime import UTC, date, datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, ValidationInfo, field_validator

from kippu_terms.value import Name, Value

LONGEST_WORK = 14_400
"""Minutes that wanted work may take: ten days."""
CALENDARS_FROM, CALENDARS_UNTIL = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
"""The time for which public holidays are known; nothing is decided about instants outside it."""

Instant = Annotated[AwareDatetime, Field(ge=CALENDARS_FROM, lt=CALENDARS_UNTIL)]


class AssetFacts(Value):
    """The device or service as it stood in the asset register at `received_at`.

    `registered` is False for a serial that is not in the customer's register; nothing else is known of it then.
    """

    serial: str
    registered: bool
    replaced_by: str | None = None
    """The serial of the unit that took its place in the customer's register, if that is why it is not there."""
    kind: Literal["equipment", "service"] | None = None
    model: str | None = None
    bought_from_provider: bool | None = None
    bought_on: date | None = None
    warranty_until: date | None = None
    """The last day, inclusive. None on a registered device: no warranty is on record."""
    installed_by: Literal["provider", "customer", "third_party"] | None = None
    maintenance_agreement: str | None = None
    part_of: str | None = None
    """The serial of the unit that it is a part of."""
    disks_from: Literal["provider", "elsewhere"] | None = None
    """`elsewhere` if any disk in it was bought from somebody else. None: nothing is known of such a disk."""
    area: Name | None = None
    """The area in which it stands, by a name that the plan uses, such as `tokyo`."""
    remote_island: bool | None = None
    """True if it stands on a remote island. None: nothing is known of that."""


class ContractFacts(Value):
    """A maintenance contract for the device, whether it is in force or not."""

    contract_id: str | None = None
    product: Name
    """A product of the plan."""
    valid_from: date
    valid_until: date
    """The last day, inclusive."""
    options: tuple[Name, ...] = ()
    """Products that are options of it, such as a non-return disk."""
    delivered_on: date | None = None
    """When the device was delivered, where the beginning of the service counts from that."""
    area_agreed: bool = False
    """True if it was sold for the device's area after consultation."""


class RequestFacts(Value):
    received_at: Instant
    channel: Literal["portal", "mail", "telephone"] | None = None
    category: str | None = None
    """A category of the plan."""
    wanted_at: Instant | None = None
    wanted_minutes: Annotated[int, Field(ge=1, le=LONGEST_WORK)] | None = None
    approval: Literal["granted", "refused"] | None = None
    """What an operator said, where the terms ask for it; None until then."""
    topic: Name | None = None
    """What a technical question is about, such as `smb`."""
    part: Name | None = None
    """Which part failed, such as `disk`."""
    isolated_at: Instant | None = None
    """When the fault was isolated to that part; None until then."""
    keep_part: bool = False
    """True if the customer asks to keep the failed part."""
    wanted_service: Name | None = None
    """Which service the customer asks for; the terms decide which one applies."""
    answer_wanted_by: Instant | None = None
    """The deadline for an answer that the customer set."""
    written_report: Literal["asked", "granted"] | None = None
    """`asked` by the customer for a written report on the fault; `granted` by an operator."""

    @field_validator("wanted_at")
    @classmethod
    def _after_it_was_asked(cls, wanted_at: AwareDatetime | None, info: ValidationInfo) -> AwareDatetime | None:
        received_at = info.data.get("received_at")
        if wanted_at is not None and received_at is not None and wanted_at < received_at:
            raise ValueError("work cannot be wanted before the request was received")
        return wanted_at


class Facts(Value):
    provider: str
    request: RequestFacts
    asset: AssetFacts | None = None
    """None until somebody says what the request is about."""
    contracts: tuple[ContractFacts, ...] = ()
    """Every maintenance contract of the device, past and future ones too."""
