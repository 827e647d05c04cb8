"""What intake's routes take and answer."""

from datetime import datetime
from typing import Annotated, Literal

from kippu_events.catalogue.fulfilment import Target
from kippu_events.catalogue.values import Channel, Reply, RequestDetails, WorkKind
from kippu_privacy import Plain
from kippu_service.http import Identifier, Input, Line
from kippu_terms.value import Flag, Name, StatedInstant
from pydantic import Base64Bytes, BaseModel, ConfigDict, Field, StringConstraints

from kippu_intake.domain.facts import NOTHING_MORE, Facts, Isolation
from kippu_intake.domain.ticket_state import Status

MAX_ATTACHMENT = 20_000_000
"""Bytes of a file that is sent over HTTP."""
MAX_ATTACHMENT_BODY = 28_000_000
"""Bytes of the request that sends one: base64 takes 4 for 3."""

Address = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]
Body = Annotated[str, StringConstraints(min_length=1, max_length=20_000)]
TicketNo = Annotated[str, StringConstraints(pattern=r"^KP-[0-9A-Z]{4}-[0-9A-Z]{4}$")]
MailId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
Serial = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f]*$")]
"""A device's serial number or a service's id, as it is known to whoever names it; the register normalises it."""
Minutes = Annotated[int, Field(strict=True, ge=-1_000_000, le=1_000_000)]
"""A number at all; which ones make sense, the domain says, with all other faults."""


class DetailsIn(Input):
    """What else is said of a request: wishes, and facts that some terms look at. What is left out is not said.

    A partner states wishes and what it knows of its own side; what the provider asks for, grants or decides, and the
    facts of the register, are its own people's. `cause` and `failed_at` a partner states in the report only.
    """

    cause: Name | None = None
    """Why it failed, such as `natural_disaster`, `customer_negligence` or `server_change`."""
    failed_at: StatedInstant | None = None
    """When the fault happened, if that was before the report."""
    asked_by: Literal["contact", "other"] | None = None
    """Whether the contact person on record asks, where the desk knows better than the register."""
    keep_part: Flag | None = None
    """Whether the customer wants to keep the failed part."""
    wanted_service: Name | None = None
    """Which of the plan's services the customer asks for; the terms decide which one applies."""
    answer_wanted_by: StatedInstant | None = None
    """The deadline for an answer that the customer sets."""
    written_report: Literal["asked", "granted"] | None = None
    """A written report on the fault: `asked` for by the customer, `granted` by an operator."""
    config_file_at: StatedInstant | None = None
    """When a configuration file was given, where the desk has to say so; a portal gives the file itself."""
    config_override: Flag | None = None
    """Whether an operator lets a configuration file count that came late."""
    firmware: Literal["asked", "done"] | None = None
    """`asked`: the provider asks for an update of the firmware, and the request waits for it."""
    agreement: Literal["asked", "given", "refused"] | None = None
    """`asked`: the provider proposes chargeable work, and the request waits for the customer's answer."""
    remote_access: Flag | None = None
    internet: Flag | None = None
    """Whether the customer's server reaches the internet."""
    security_software: Literal["paused", "not_paused"] | None = None
    operator_serves: Flag | None = None
    """What an operator decides where the terms leave it to the provider."""
    keep_list: Flag | None = None
    """Whether the customer wants to keep a list that the work resets."""
    own_environment: Flag | None = None
    """Whether it is about the customer's own environment, and not that of somebody whom it connects to."""
    ship_to: Literal["registered_site", "named_place"] | None = None
    ship_to_island: Flag | None = None
    """Whether the named place is on a remote island."""
    ship_to_address: Address | None = None
    """Of the place that the request names to ship to. It goes sealed to whoever packs; a new one is followed until the
    unit leaves."""
    visit_site: Literal["registered", "other"] | None = None

    def details(self) -> RequestDetails:
        said = self.model_dump(exclude={"ship_to_address"}, exclude_unset=True)
        return RequestDetails(**said) if said else NOTHING_MORE

    def address(self, sealed_for: str) -> Plain | None:
        """Under the key of the contact who names it."""
        return Plain(sealed_for, self.ship_to_address) if self.ship_to_address else None


class FactsIn(Input):
    """What a request is about, as far as it is known."""

    category: Identifier | None = None
    asset_serial: Serial | None = None
    wanted_at: StatedInstant | None = None
    wanted_minutes: Minutes | None = None
    topic: Name | None = None
    """What a question is about, by the plan's topics."""
    part: Name | None = None
    """The part that failed, such as `disk`."""
    details: DetailsIn = DetailsIn()

    def facts(self, sealed_for: str) -> Facts:
        """What is personal is sealed under that subject's key."""
        return Facts(
            category=self.category,
            asset_serial=self.asset_serial,
            wanted_at=self.wanted_at,
            wanted_minutes=self.wanted_minutes,
            topic=self.topic,
            part=self.part,
            details=self.details.details(),
            ship_to_address=self.details.address(sealed_for),
        )


class NewFile(Input):
    file_name: Line
    content: Annotated[Base64Bytes, Field(min_length=1, max_length=MAX_ATTACHMENT)]
    """Base64 (RFC 4648, section 4)."""


class NewAttachment(NewFile):
    config_file: Flag = False
    """True for the device's configuration. It counts by when it came: terms may ask for it with the fault report."""


class NewTicket(FactsIn):
    """A request by portal, or by telephone as the desk enters it."""

    customer_id: Identifier
    contact_id: Identifier
    plan_family: Identifier
    channel: Literal[Channel.PORTAL, Channel.TELEPHONE] = Channel.PORTAL
    subject: Line
    text: Body | None = None
    received_at: StatedInstant | None = None
    """When the call came in, where it is entered later. Only by the provider's own people."""
    config_file: NewFile | None = None
    """The device's configuration, given with the fault report."""


class NewMessage(Input):
    subject: Line | None = None
    text: Body
    channel: Literal[Channel.PORTAL, Channel.TELEPHONE] = Channel.PORTAL
    contact_id: Identifier | None = None
    """Whose message it is, where the desk enters one for a contact; otherwise a message of the desk is ours."""


class NewWork(Input):
    kind: WorkKind
    started_at: StatedInstant
    minutes: Minutes


class NewIsolation(Input):
    """Which unit, and which part of it, is at fault."""

    asset_serial: Serial
    part: Name | None = None
    isolated_at: StatedInstant

    def isolation(self) -> Isolation:
        return Isolation(self.asset_serial, self.part, self.isolated_at)


class Declining(Input):
    """Why a request is not served, where the terms leave that to the provider."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"clause": "CWC-25", "reason": "The security software stays on, and it is what cuts the connection."}
            ]
        }
    )

    clause: Identifier
    """Of the terms of the request. The customer is told it as they word it."""
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000)]
    """In the customer's language: it is mailed after the clause. Names nobody: it stays on record."""


class Nothing(Input):
    """There is nothing to say but that it is done."""


class TicketOfMail(FactsIn):
    """How an operator turns an unmatched mail into a ticket."""

    customer_id: Identifier
    contact_id: Identifier
    plan_family: Identifier


class Shown(BaseModel):
    model_config = ConfigDict(frozen=True)


class TicketLine(Shown):
    """A request in a list. Instants in UTC; a personal value is null once the person was erased."""

    ticket_no: str
    customer_id: str
    contact_id: str
    plan_family: str
    channel: Channel
    status: Status
    waiting_for: str | None
    clause: str | None
    category: str | None
    asset_serial: str | None
    wanted_at: datetime | None
    wanted_minutes: int | None
    topic: str | None
    part: str | None
    isolated_at: datetime | None
    """When the fault was isolated, as it was recorded last."""
    isolated_serial: str | None
    isolated_part: str | None
    received_at: datetime
    language: str
    subject: str | None
    minutes_recorded: int


class ShownAttachment(Shown):
    attachment_id: str
    file_name: str | None
    media_type: str
    size: int


class ShownMessage(Shown):
    message_id: str
    direction: Literal["inbound", "outbound"]
    channel: Channel
    at: datetime
    contact_id: str | None
    subject: str | None
    text: str | None
    attachments: list[ShownAttachment]


class ShownWork(Shown):
    work_id: str
    kind: WorkKind
    started_at: datetime
    minutes: int
    recorded_by: str


class ShownMail(Shown):
    """A mail that went out, or is to."""

    mail_id: str
    template: str
    asked_at: datetime
    outcome: Literal["waiting", "sent", "bounced"]


class ShownExpectation(Shown):
    """What can be expected by the decision that stands. Times are aims, never promises."""

    decision: int
    counts_from: datetime | None
    """When the request counts as received: outside hours, at the next opening."""
    targets: list[Target]
    """What is aimed at, with the time that counts and the time that does not, and why."""
    replies: list[Reply]
    """What is answered to wishes."""


class TicketDetail(TicketLine):
    details: RequestDetails
    """All that was said of it beside what it is about."""
    expectation: ShownExpectation | None
    """None while nothing is decided that could be expected."""
    messages: list[ShownMessage]
    work: list[ShownWork]
    mails: list[ShownMail]


class UnmatchedMailLine(Shown):
    mail_id: str
    reason: str
    received_at: datetime
    language: str
    sender: str | None
    subject: str | None
    contact_id: str | None
    ticket_no: str | None


class UnmatchedMailDetail(UnmatchedMailLine):
    text: str | None
