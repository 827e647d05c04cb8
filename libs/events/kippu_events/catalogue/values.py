"""Values that events of several services share."""

from enum import StrEnum
from typing import Any, Literal

from pydantic import AwareDatetime

from kippu_events.event import Value


class Channel(StrEnum):
    """How a request or message reached us."""

    PORTAL = "portal"
    MAIL = "mail"
    TELEPHONE = "telephone"


class WorkKind(StrEnum):
    """What an engineer's recorded time was spent on; which kinds are debited is the plan's (IIJ-07)."""

    ISOLATION = "isolation"
    IDENTIFICATION = "identification"
    VENDOR_COORDINATION = "vendor_coordination"
    REMOTE_WORK = "remote_work"
    ONSITE_WORK = "onsite_work"
    PREVENTIVE_MAINTENANCE = "preventive_maintenance"
    WAITING = "waiting"


class Outcome(StrEnum):
    """What a coverage decision can come to."""

    COVERED = "covered"
    COVERED_BY_DEBIT = "covered_by_debit"
    QUOTE = "quote"
    CONSULT = "consult"
    REFUSED = "refused"
    WAITING = "waiting"


class BlobRef(Value):
    """An encrypted blob: `digest` is the SHA-256 (hex) of the stored ciphertext, `size` that of the plain content."""

    digest: str
    size: int
    media_type: str


class ClauseFinding(Value):
    """One clause as a decision evaluated it: what went in, and what came out."""

    clause: str
    """The clause id, such as `IIJ-05`."""
    rule: str
    """The kind of rule that was evaluated, such as `in_warranty`."""
    inputs: dict[str, Any]
    result: Literal["satisfied", "refused", "waiting", "consult", "quote", "debit", "held", "not_applicable", "note"]
    text: dict[str, str]
    """The clause in the provider's language and in English, by language code."""


class Remedy(Value):
    """What would change the answer: register, renew, buy, approve, ask earlier…"""

    action: str
    clause: str
    text: dict[str, str]


class PriceLine(Value):
    """`unit_price` is in the currency's minor unit, before tax unless the price says that it is included.

    `tax_rate_permyriad` is 700 for 7 %.
    """

    product: str
    description: str
    quantity: int
    unit_price: int
    tax_rate_permyriad: int


class Price(Value):
    """What something costs, pinned from the plan it was sold under, so that billing needs no plan."""

    currency: str
    lines: tuple[PriceLine, ...]
    tax_name: str
    tax_rounding: Literal["down", "half_up"]
    payment_days: int
    """Days from the invoice's date to the day payment is due."""
    time_zone: str
    """The provider's time zone (IANA), in which the invoice's and the quote's dates are read."""
    tax_included: bool = False
    """True if the unit prices include tax."""
    withholding_permyriad: int | None = None
    """How much of the amount before tax the customer may withhold, against a certificate; None: nothing."""


class InvoiceMail(Value):
    """That an invoice is mailed, where the terms say so (CWC-11)."""

    clause: str
    contacts: dict[str, str]
    """To whom, by contact id, with the language that each reads."""


class Allocation(Value):
    """How many prepaid tickets of one lot a debit took."""

    lot_id: str
    quantity: int


class Reply(Value):
    """What is answered to a wish beside the request itself: a written report, an answer time, a certain service,
    the configuration restored, a list kept; and who does the exchange."""

    about: Literal["written_report", "answer_wanted_by", "wanted_service", "configuration", "exchange", "kept_list"]
    answer: Literal[
        "granted",
        "declined",
        "not_binding",
        "not_followed",
        "restored",
        "not_restored",
        "by_customer",
        "by_engineer",
        "kept",
    ]
    clause: str


class RequestDetails(Value):
    """What is said of a request beside what it is about: wishes, and facts that some terms look at. Never personal.

    The names are those of `kippu_terms.facts.RequestFacts`, and so are their meanings. What is None is not said.
    """

    cause: str | None = None
    """Why it failed, such as `natural_disaster`."""
    failed_at: AwareDatetime | None = None
    asked_by: Literal["contact", "other"] | None = None
    keep_part: bool | None = None
    wanted_service: str | None = None
    answer_wanted_by: AwareDatetime | None = None
    written_report: Literal["asked", "granted"] | None = None
    config_file_at: AwareDatetime | None = None
    config_override: bool | None = None
    firmware: Literal["asked", "done"] | None = None
    agreement: Literal["asked", "given", "refused"] | None = None
    remote_access: bool | None = None
    internet: bool | None = None
    security_software: Literal["paused", "not_paused"] | None = None
    operator_serves: bool | None = None
    keep_list: bool | None = None
    own_environment: bool | None = None
    ship_to: Literal["registered_site", "named_place"] | None = None
    ship_to_island: bool | None = None
    place_id: str | None = None
    visit_site: Literal["registered", "other"] | None = None

    def updated(self, stated: "RequestDetails") -> "RequestDetails":
        """With what is stated now over what was said before. Of another place, nothing is known from the one before."""
        said = stated.model_dump(exclude_none=True)
        if stated.place_id not in (None, self.place_id):
            said["ship_to_island"] = stated.ship_to_island
        return self.model_copy(update=said)
