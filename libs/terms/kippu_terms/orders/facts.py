"""What the decision on an order rests on. What nobody knows is None; a rule that needs it says so."""

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from kippu_terms.bookings import PaidBy
from kippu_terms.facts import Called, CustomerFacts, Instant, LaterDay
from kippu_terms.fulfilment import Channel
from kippu_terms.value import AS_A_DATE, Flag, Integer, Name, Value

Day = Annotated[date, Field(ge=date(1980, 1, 1), le=date(2099, 12, 31)), AS_A_DATE]
"""A local date of the provider's, in the time for which public holidays are known."""

Quantity = Annotated[Integer, Field(ge=1, le=10_000)]

Reason = Literal["lost", "upgrade", "transfer", "discount"]
"""`lost`: what was bought is to be issued again. `upgrade`: a contract is to become another product. `transfer`: a
contract is to move to another device. `discount`: a lower price is asked for."""


class OrderedAsset(Value):
    """The device that a contract is ordered for, or that is bought with it."""

    serial: Called | None = None
    model: Called | None = None
    bought_on: Day | None = None
    delivered_on: Day | None = None
    warranty_until: Day | None = None
    """The last day, inclusive."""
    failed_at: Instant | None = None
    """When it failed, if it did before the order."""
    bought_from_provider: Flag | None = None
    replaced: Flag = False
    """True if another device took its place."""
    area: Name | None = None
    """Where it stands, by a name that the plan uses."""
    remote_island: Flag | None = None


class HeldContract(Value):
    """A contract or licence that the order is related to: of the same device, or, without one, of the customer. Those
    that ended are held too."""

    contract_id: Called
    product: Name
    valid_from: LaterDay
    valid_until: LaterDay
    """The last day, inclusive."""
    registered: Flag = False
    renewed_by: Called | None = None
    """The contract that renews it already, if one does."""

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.valid_until < self.valid_from:
            raise ValueError("the contract ends before it begins")
        return self


class HeldLicence(Value):
    """Licences that the customer holds together: they were last worth their whole price, and are maintained up to, the
    same days."""

    licence_id: Called | None = None
    quantity: Quantity = 1
    price_paid: Annotated[Integer, Field(ge=0, le=1_000_000_000_000)]
    """For all of them at their purchase, in the minor unit, before tax."""
    full_on: Day
    """When their value was last 100 %: the purchase, the first day of a renewed year, or the day of a rejoining. After
    an early renewal it is still to come."""
    maintained_until: Day
    """The last day of the maintenance, inclusive."""

    @model_validator(mode="after")
    def _is_maintained_from_then(self) -> Self:
        if self.maintained_until < self.full_on:
            raise ValueError("the maintenance ends before the day on which the value was last 100 %")
        return self


class OrderLine(Value):
    product: Name
    quantity: Quantity = 1


class OrderWish(Value):
    """What is ordered, by whom and when, and for what."""

    product: Name
    quantity: Quantity = 1
    ordered_on: Day
    ordered_at: Instant | None = None
    channel: Channel | None = None
    asset: OrderedAsset | None = None
    held: tuple[HeldContract, ...] = ()
    together: tuple[OrderLine, ...] = ()
    """The other lines of the same order."""
    renews: Called | None = None
    """The id of the contract held that it renews, or asks to change."""
    licence: HeldLicence | None = None
    """What it renews, or is added to."""
    customer: CustomerFacts | None = None
    wanted_delivery_on: Day | None = None
    appointment_at: Instant | None = None
    """When it is to be done, where it is booked."""
    paid_by: PaidBy = "invoice"
    """How that is paid in advance."""
    paid_on: Day | None = None
    """When it was paid; None before."""
    reason: Reason | None = None
    """What the order asks for beyond buying."""
    agreed: Flag = False
    """True if an operator agreed to it, where the terms leave it to consultation."""
    quoted: Flag = False
    """True if it accepts a quote that was made for it."""

    @property
    def renewed(self) -> HeldContract | None:
        """The contract that it renews or asks to change, if it is one of those held."""
        return next((each for each in self.held if each.contract_id == self.renews), None)

    @property
    def products_together(self) -> frozenset[str]:
        """What is in the order, this line included."""
        return frozenset({self.product, *(line.product for line in self.together)})

    def quantity_of(self, product: str) -> int:
        """How many of a product the whole order holds, this line included."""
        mine = self.quantity if self.product == product else 0
        return mine + sum(line.quantity for line in self.together if line.product == product)


class OrderFacts(OrderWish):
    provider: str
