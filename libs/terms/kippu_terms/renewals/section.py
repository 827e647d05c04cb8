"""The `[licences]` section of a plan file: what maintenance gives, how a licence loses value, how it is renewed."""

from typing import Annotated

from pydantic import Field

from kippu_terms.money import Rounding
from kippu_terms.value import ClauseId, Integer, Name, Value


class Benefits(Value):
    """What a customer has while maintenance is in force."""

    clause: ClauseId
    given: Annotated[tuple[Name, ...], Field(min_length=1)]


class Ending(Value):
    """Maintenance that is not renewed ends with its last day, and the member ID with it."""

    clause: ClauseId


class ValueLoss(Value):
    """A licence loses a part of the price that was paid for it with each completed month since it was last worth it."""

    clause: ClauseId
    percent_a_year: Annotated[Integer, Field(ge=1, le=100)]
    rounding: Rounding = "down"
    """How an amount of money that comes out fractional is rounded."""


class LeastValue(Value):
    """Below this value there is no maintenance. The last day of the maintenance decides, whatever this says."""

    clause: ClauseId
    percent: Annotated[Integer, Field(ge=0, le=100)]


class RenewedBy(Value):
    """A way to renew, as a product of the plan."""

    clause: ClauseId
    product: Name


class Added(Value):
    """Licences that are added while others are held: the product that brings those back to their whole value."""

    clause: ClauseId
    product: Name


class RenewalNotice(Value):
    """The mail that announces the end."""

    clause: ClauseId
    months_before: Annotated[Integer, Field(ge=1, le=24)]


class KeysIssued(Value):
    """On payment the licence key and a new member ID are mailed; the old ID stops working then."""

    clause: ClauseId


class LicencesSection(Value):
    product: Name
    """The licence itself."""
    maintenance_product: Name
    """The maintenance of the first year."""
    benefits: Benefits
    ending: Ending
    value: ValueLoss
    least_value: LeastValue
    continuing: RenewedBy
    rejoining: RenewedBy
    adding: Added
    notice: RenewalNotice | None = None
    keys: KeysIssued

    def names_products(self) -> dict[str, str]:
        """Setting → product of the plan."""
        return {
            "product": self.product,
            "maintenance_product": self.maintenance_product,
            "continuing.product": self.continuing.product,
            "rejoining.product": self.rejoining.product,
            "adding.product": self.adding.product,
        }
