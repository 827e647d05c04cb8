"""A version of one family of a provider's terms, read from the text of a plan file (TOML)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from hashlib import sha256
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import Field, PrivateAttr, StringConstraints

from kippu_terms.bookings import BookingsSection
from kippu_terms.calendar import BusinessCalendar
from kippu_terms.dates import end_of, last_day_of_term, start_of
from kippu_terms.fulfilment import FulfilmentSection, Service
from kippu_terms.pricing import Price, price
from kippu_terms.refusal import Fault, Refused
from kippu_terms.renewals.section import LicencesSection
from kippu_terms.sections import (
    CalendarSection,
    CommercialSection,
    ContractsSection,
    CoverageSection,
    IntakeSection,
    Offer,
    OrderingSection,
    Product,
)
from kippu_terms.value import ClauseId, Language, LocalDate, Name, Text, Value


@dataclass(frozen=True)
class LotTerm:
    """When a lot of prepaid tickets is valid: whole local days, both inclusive, and the same as instants in UTC."""

    valid_from: date
    valid_until: date
    usable_from: datetime
    expires_at: datetime
    """The first instant at which it is no longer usable."""


@dataclass(frozen=True)
class Offered:
    """What covers the prepaid tickets that a wallet lacks, or does what is not included."""

    product: str
    quantity: int
    price: Price
    valid_until: date
    clause: str


class Plan(Value):
    family: Name
    version: Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z][0-9A-Za-z._-]{0,39}$")]
    effective_from: LocalDate
    provider: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]{1,19}$")]
    name: Text
    country: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
    """ISO 3166-1 alpha-2, whose public holidays count."""
    time_zone: str
    """IANA name."""
    languages: Annotated[tuple[Language, ...], Field(min_length=1)]
    """The provider's own language first."""
    clauses: Annotated[dict[ClauseId, Text], Field(min_length=1)]
    calendar_settings: CalendarSection = Field(alias="calendar")
    intake: IntakeSection
    coverage: CoverageSection
    fulfilment: FulfilmentSection = FulfilmentSection()
    ordering: OrderingSection = OrderingSection()
    contracts: ContractsSection = ContractsSection()
    licences: LicencesSection | None = None
    bookings: BookingsSection | None = None
    commercial: CommercialSection

    _source: str = PrivateAttr(default="")

    @property
    def source(self) -> str:
        """The text that it was read from."""
        return self._source

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of `source`."""
        return digest(self._source)

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @cached_property
    def calendar(self) -> BusinessCalendar:
        settings = self.calendar_settings
        return BusinessCalendar(
            country=self.country,
            zone=self.zone,
            closing_days=settings.closing_days,
            year_end=settings.year_end.days() if settings.year_end else None,
            added_holidays=settings.added_holidays,
            cancelled_holidays=settings.cancelled_holidays,
            hours={name: hours.hours() for name, hours in settings.hours.items()},
        )

    def product(self, product_id: str) -> Product:
        """Raises Refused for a product that is not sold."""
        for product in self.commercial.products:
            if product.id == product_id:
                return product
        sold = ", ".join(product.id for product in self.commercial.products) or "nothing"
        raise Refused(
            Fault("unknown_product", f"{self.family} does not sell {product_id!r}; it sells {sold}", "product")
        )

    def lot_term(self, product_id: str, start: date) -> LotTerm:
        """The term of a lot or contract that begins on a local date. Raises Refused for what has no term."""
        product = self.product(product_id)
        if product.validity_months is None:
            message = f"{product_id} is no product with a term of its own"
            raise Refused(Fault("no_term", message, "product", product.clause))
        until = last_day_of_term(start, months=product.validity_months)
        return LotTerm(start, until, start_of(start, self.zone), end_of(until, self.zone))

    def shortfall_offer(self, missing: int, on: date) -> Offered | None:
        """What is offered on a local date for `missing` prepaid tickets; None if the plan offers nothing."""
        offer = self.commercial.offer
        if offer is None:
            return None
        tickets = self.product(offer.product).tickets
        return self._offered(offer, -(-missing // tickets), on)

    def quote(self, clause: str, on: date) -> Offered | None:
        """What is offered on a local date for what a clause does not include; None if the plan says nothing of it."""
        offer = next((each for each in self.commercial.quotes if each.clause == clause), None)
        return self._offered(offer, 1, on) if offer else None

    @cached_property
    def quoted_services(self) -> Mapping[str, tuple[Service, bool]]:
        """By the clause of a quote: the service that it gives, and whether it is paid first."""
        return {
            each.clause: (self.fulfilment.service(each.gives), each.prepaid)
            for each in self.commercial.quotes
            if each.gives is not None
        }

    def is_prepaid(self, clause: str) -> bool:
        """Whether what a clause does not include is done only once its quote is paid."""
        return any(each.prepaid for each in self.commercial.quotes if each.clause == clause)

    def _offered(self, offer: Offer, quantity: int, on: date) -> Offered:
        return Offered(
            product=offer.product,
            quantity=quantity,
            price=price(self, offer.product, quantity),
            valid_until=on + timedelta(days=offer.valid_days),
            clause=offer.clause,
        )

    @classmethod
    def read(cls, fields: dict[str, object], source: str) -> "Plan":
        """From parsed TOML; raises pydantic's ValidationError. For a plan file's text: `loading.load`."""
        plan = cls.model_validate(fields)
        plan._source = source
        return plan


def digest(source: str) -> str:
    """SHA-256 (hex) of a plan file's text."""
    return sha256(source.encode()).hexdigest()
