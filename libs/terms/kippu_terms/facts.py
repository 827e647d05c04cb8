"""What a coverage decision rests on. What nobody knows yet is None; a decision that needs it waits for it."""

from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AwareDatetime, BeforeValidator, Field, ValidationInfo, field_validator, model_validator

from kippu_terms.clock import Pause
from kippu_terms.value import AS_A_DATE, AS_AN_INSTANT, ClauseId, Flag, Integer, Name, StatedDate, Value

LONGEST_WORK = 14_400
"""Minutes that wanted work may take: ten days."""
MOST_PAUSES = 1_000
CALENDARS_FROM, CALENDARS_UNTIL = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
"""The time for which public holidays are known; nothing is decided about instants outside it."""

Instant = Annotated[AwareDatetime, Field(ge=CALENDARS_FROM, lt=CALENDARS_UNTIL), AS_AN_INSTANT]
Day = Annotated[date, Field(ge=CALENDARS_FROM.date(), lt=CALENDARS_UNTIL.date()), AS_A_DATE]


LaterDay = Annotated[date, Field(ge=date(1980, 1, 1), le=date(2199, 12, 31)), AS_A_DATE]
"""A day from which terms are reckoned, or on which they end: they may begin in that time and last for years."""

Called = Annotated[str, Field(max_length=200)]
"""What somebody calls a thing: a serial number, a model, a contract. Explanations quote it."""


class AssetFacts(Value):
    """The device or service as it stood in the asset register at `received_at`.

    `registered` is False for a serial that is not in the customer's register; nothing else is known of it then.
    """

    serial: Called
    registered: Flag
    replaced_by: Called | None = None
    """The serial of the unit that took its place in the customer's register, if that is why it is not there."""
    kind: Literal["equipment", "service"] | None = None
    model: Called | None = None
    bought_from_provider: Flag | None = None
    bought_on: StatedDate | None = None
    warranty_until: StatedDate | None = None
    """The last day, inclusive. None on a registered device: no warranty is on record."""
    installed_by: Literal["provider", "customer", "third_party"] | None = None
    maintenance_agreement: Called | None = None
    part_of: Called | None = None
    """The serial of the unit that it is a part of."""
    disks_from: Literal["provider", "elsewhere"] | None = None
    """`elsewhere` if any disk in it was bought from somebody else. None: nothing is known of such a disk."""
    area: Name | None = None
    """The area in which it stands, by a name that the plan uses, such as `tokyo`."""
    remote_island: Flag | None = None
    """True if it stands on a remote island. None: nothing is known of that."""
    height_cm: Annotated[Integer, Field(ge=0, le=100_000)] | None = None
    """At what height it is installed, in whole centimetres, rounded down."""


class ContractFacts(Value):
    """A maintenance contract for the device, whether it is in force or not.

    It has no dates while its term is still to begin, with the delivery of the device: it is `pre_registered` then.
    """

    contract_id: Called | None = None
    product: Name
    """A product of the plan."""
    valid_from: StatedDate | None = None
    valid_until: StatedDate | None = None
    """The last day, inclusive."""
    options: tuple[Name, ...] = ()
    """Products that are options of it, such as a non-return disk."""
    delivered_on: LaterDay | None = None
    """When the device was delivered, where the beginning of the service counts from that."""
    area_agreed: Flag = False
    """True if it was sold for the device's area after consultation."""
    plan_version: Called | None = None
    """The version of the terms that it was sold under, and keeps; None: whichever is in force decides."""
    registered_at: Instant | None = None
    """When its registration was complete; None until then."""
    status: Literal["pre_registered", "registered", "active"] | None = None
    """`pre_registered`: before its device was delivered. None where the terms know no registration."""

    @model_validator(mode="after")
    def _has_a_term(self) -> Self:
        if (self.valid_from is None) != (self.valid_until is None):
            raise ValueError("valid_from and valid_until are given together")
        if self.is_undated and self.status != "pre_registered":
            raise ValueError("only a contract with status pre_registered has no valid_from and valid_until")
        return self

    @property
    def is_undated(self) -> bool:
        """True while it waits for the delivery of its device."""
        return self.valid_from is None


class AcceptedQuote(Value):
    """A quote for what a clause does not include, once it was accepted."""

    clause: ClauseId
    quote_id: Annotated[str, Field(max_length=100)] | None = None
    paid: Flag = True
    refused_by: Annotated[tuple[Called, ...], Field(max_length=20)] = ()
    """The clauses by which the order that it became was refused; `refused_because`, in words."""
    refused_because: Annotated[tuple[str, ...], Field(max_length=50)] = ()

    @property
    def is_refused(self) -> bool:
        return bool(self.refused_by or self.refused_because)


def _by_its_clause(stated: Any) -> Any:
    """A clause alone says that its quote was accepted, and paid."""
    return {"clause": stated} if isinstance(stated, str) else stated


class RequestFacts(Value):
    received_at: Instant
    channel: Literal["portal", "mail", "telephone"] | None = None
    category: Called | None = None
    """A category of the plan."""
    wanted_at: Instant | None = None
    wanted_minutes: Annotated[Integer, Field(ge=1, le=LONGEST_WORK)] | None = None
    approval: Literal["granted", "refused"] | None = None
    """What an operator said, where the terms ask for it; None until then."""
    quotes_accepted: Annotated[
        tuple[Annotated[AcceptedQuote, BeforeValidator(_by_its_clause)], ...], Field(max_length=20)
    ] = ()
    """By clause: it was not included, and a quote for it was accepted."""
    topic: Name | None = None
    """What a technical question is about, such as `smb`."""
    part: Name | None = None
    """Which part failed, such as `disk`."""
    isolated_at: Instant | None = None
    """When the fault was isolated to that part; None until then."""
    keep_part: Flag = False
    """True if the customer asks to keep the failed part."""
    wanted_service: Name | None = None
    """Which service the customer asks for; the terms decide which one applies."""
    answer_wanted_by: Instant | None = None
    """The deadline for an answer that the customer set."""
    written_report: Literal["asked", "granted"] | None = None
    """`asked` by the customer for a written report on the fault; `granted` by an operator."""
    cause: Name | None = None
    """Why it failed, such as `natural_disaster`, `customer_negligence`, `server_change`; the terms name those that they
    look at."""
    failed_at: Instant | None = None
    """When the fault happened, if that was before the report."""
    asked_by: Literal["contact", "other"] | None = None
    """Whether the contact person on record asks, or somebody else of the customer."""
    config_file_at: Instant | None = None
    """When a configuration file was given; None while none was."""
    config_override: Flag = False
    """True if an operator lets a configuration file count that came later than the terms say."""
    firmware: Literal["asked", "done"] | None = None
    """`asked`: the provider asked for a firmware update, which the customer has not done yet."""
    agreement: Literal["asked", "given", "refused"] | None = None
    """What the customer says to chargeable work that was proposed."""
    remote_access: Flag | None = None
    """Whether the provider can reach the customer's server."""
    internet: Flag | None = None
    """Whether the customer's server reaches the internet."""
    security_software: Literal["paused", "not_paused"] | None = None
    """What the customer did with security software that is suspected of the fault."""
    operator_serves: Flag | None = None
    """What an operator decided, where the terms leave it to the provider whether to serve."""
    keep_list: Flag | None = None
    """Whether the customer asks to keep a list that the work resets."""
    own_environment: Flag | None = None
    """Whether it is about the customer's own environment, and not that of somebody whom it connects to."""
    ship_to: Literal["registered_site", "named_place"] | None = None
    """Where a replacement is to go; None where the customer names no place."""
    ship_to_island: Flag | None = None
    """True if the named place is on a remote island."""
    place_id: Called | None = None
    """Under which the named place is on record; its address is no fact of a decision."""
    visit_site: Literal["registered", "other"] | None = None
    """Where the engineer is to go."""
    pauses: Annotated[tuple[Pause, ...], Field(max_length=MOST_PAUSES)] = ()
    """The times in which it waited for the customer: no clock runs meanwhile."""

    @field_validator("wanted_at")
    @classmethod
    def _after_it_was_asked(cls, wanted_at: AwareDatetime | None, info: ValidationInfo) -> AwareDatetime | None:
        received_at = info.data.get("received_at")
        if wanted_at is not None and received_at is not None and wanted_at < received_at:
            raise ValueError("work cannot be wanted before the request was received")
        return wanted_at

    @field_validator("pauses")
    @classmethod
    def _within_calendars(cls, pauses: tuple[Pause, ...]) -> tuple[Pause, ...]:
        if any(each.begins_at < CALENDARS_FROM or each.ends_at >= CALENDARS_UNTIL for each in pauses):
            raise ValueError("a pause lies in the time for which public holidays are known")
        return pauses


class CustomerFacts(Value):
    """What is on record of the customer on the day of receipt."""

    competitor: Flag | None = None
    """True if it is marked as a competitor of the provider's."""
    bought_licence: Flag | None = None
    """True if it bought a licence from the provider, whether its maintenance is in force or not."""
    member_id: Literal["valid", "void", "none"] | None = None
    """Of the member ID that came with a licence: valid up to the end of its maintenance, void after it."""
    incident_member: Literal["valid", "none"] | None = None
    """Whether a number was issued to it for buying incidents, with which it asks for support."""
    buyer: Flag | None = None
    """True if the request is the buyer's own, and not that of somebody whom the buyer connects to."""


class Facts(Value):
    provider: str
    request: RequestFacts
    asset: AssetFacts | None = None
    """None until somebody says what the request is about."""
    contracts: tuple[ContractFacts, ...] = ()
    """Every maintenance contract of the device, past and future ones too."""
    customer: CustomerFacts | None = None
