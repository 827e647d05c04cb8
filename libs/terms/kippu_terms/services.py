"""Which service a request gets: by its category, the contracts in force and the warranty on the day of receipt."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from kippu_terms.dates import first_of_month_after
from kippu_terms.facts import AcceptedQuote, AssetFacts, ContractFacts, Facts
from kippu_terms.fulfilment import FulfilmentSection, Service

WhyNot = Literal[
    "other_category",
    "not_quoted",
    "unknown_device",
    "no_contract_in_force",
    "not_registered_before_the_fault",
    "in_warranty",
    "out_of_warranty",
]


@dataclass(frozen=True)
class Given:
    """A service that applies, and the contract under which it does; None for one that needs no contract."""

    service: Service
    contract: ContractFacts | None
    quote: AcceptedQuote | None = None
    """The quote that was accepted for it, where it is given for that."""


def bought(services: Mapping[str, tuple[Service, bool]], facts: Facts, otherwise: Given | None) -> Given | None:
    """The service that a quote gives which was accepted, and paid where work begins with that; None if none does.

    `services`: by the clause of a quote, the service that it gives, and whether it is paid first. The contract is that
    of the service which the request would get `otherwise`.
    """
    for quote in facts.request.quotes_accepted:
        service, prepaid = services.get(quote.clause, (None, False))
        if service is None or quote.is_refused or (prepaid and not quote.paid):
            continue
        if facts.request.category in service.categories:
            return Given(service, otherwise.contract if otherwise else None, quote)
    return None


def given(fulfilment: FulfilmentSection, facts: Facts, on: date) -> Given | None:
    """The first service of the plan that applies on a local date; None if none does.

    A contract that was not registered when the request was received does not stand in the way of one that was: under
    that one, a later service is given.
    """
    applying = (found for service in fulfilment.services if isinstance(found := applies(service, facts, on), Given))
    first = next(applying, None)
    if first is None or first.contract is None or _registered(first.contract, facts):
        return first
    return next((each for each in applying if each.contract and _registered(each.contract, facts)), first)


def contract_of(fulfilment: FulfilmentSection, facts: Facts, service: Given | None) -> ContractFacts | None:
    """The contract under which the request gets its `service`; if it gets none, one that would give it one, but still
    waits for the delivery of the device."""
    if service is not None:
        return service.contract
    if facts.asset is None or not facts.asset.registered:
        return None
    products = {
        product
        for each in fulfilment.services
        if facts.request.category in each.categories and not each.quoted_only
        for product in each.products
    }
    return next((each for each in facts.contracts if each.is_undated and each.product in products), None)


def applies(service: Service, facts: Facts, on: date) -> Given | WhyNot:
    """The service with its contract, or why it does not apply."""
    if facts.request.category not in service.categories:
        return "other_category"
    if service.quoted_only:
        return "not_quoted"
    if not service.products and service.warranty is None:
        return Given(service, None)
    asset = facts.asset
    if asset is None or not asset.registered:
        return "unknown_device"
    if objection := _warranty_objection(service, asset, on):
        return objection
    return _under_contract(service, asset, facts, on) if service.products else Given(service, None)


def _under_contract(service: Service, asset: AssetFacts, facts: Facts, on: date) -> Given | WhyNot:
    """Of several contracts, the one that lasts longest of those that are registered, or else of all."""
    in_force = _in_force(service, facts.contracts, asset, on)
    if not in_force:
        return "no_contract_in_force"
    usable = [contract for contract in in_force if _begun(service, contract, facts)]
    return Given(service, _best(usable, facts)) if usable else "not_registered_before_the_fault"


def _warranty_objection(service: Service, asset: AssetFacts, on: date) -> WhyNot | None:
    in_warranty = asset.warranty_until is not None and on <= asset.warranty_until
    if service.warranty == "in" and not in_warranty:
        return "out_of_warranty"
    return "in_warranty" if service.warranty == "after" and in_warranty else None


def _in_force(
    service: Service, contracts: tuple[ContractFacts, ...], asset: AssetFacts, on: date
) -> list[ContractFacts]:
    """The contracts for this service whose term holds that day."""
    return [
        contract
        for contract in contracts
        if contract.product in service.products and _holds(service, contract, asset, on)
    ]


def _holds(service: Service, contract: ContractFacts, asset: AssetFacts, on: date) -> bool:
    if contract.valid_from is None or contract.valid_until is None:
        return False
    first = earliest_start(service, contract.valid_from, asset.area, contract.delivered_on)
    return first <= on <= contract.valid_until


def _begun(service: Service, contract: ContractFacts, facts: Facts) -> bool:
    """Whether it was registered when the fault happened, where the service asks for that."""
    if not service.registered_first:
        return True
    fault_at = facts.request.failed_at or facts.request.received_at
    return contract.registered_at is not None and contract.registered_at <= fault_at


def _registered(contract: ContractFacts, facts: Facts) -> bool:
    """Whether it was registered when the request was received; never, where the terms know no registration."""
    return contract.registered_at is not None and contract.registered_at <= facts.request.received_at


def _best(contracts: list[ContractFacts], facts: Facts) -> ContractFacts:
    """Of contracts in force, which are dated."""
    return max(contracts, key=lambda contract: (_registered(contract, facts), contract.valid_until or date.min))


_WHAT_FOLLOWS = frozenset(
    {
        "id",
        "clause",
        "name",
        "way",
        "channels",
        "reception",
        "areas",
        "consult_areas",
        "consult_on_islands",
        "skill",
        "targets",
    }
)
"""Settings that say how a service is given, not when."""
_ASKED = frozenset({"categories", "products", "warranty"})


def is_hidden(service: Service, earlier: Sequence[Service]) -> bool:
    """True if, whatever the facts, one of the earlier services applies wherever this one would: it is never given."""
    if service.quoted_only:
        return False
    hiding = [each for each in earlier if not _asks_more(each)]
    return all(
        any(_applies_always(each, category, product, warranty) for each in hiding)
        for category in service.categories
        for product in service.products or (None,)
        for warranty in _warranties(service)
    )


def _asks_more(service: Service) -> bool:
    """True if it applies under a condition beside those that are compared here."""
    return any(name not in _WHAT_FOLLOWS | _ASKED for name in service.model_fields_set)


def _warranties(service: Service) -> tuple[Literal["in", "after", "unknown"], ...]:
    """The states of the maker's warranty in which it applies; `unknown` is that of a device that nobody registered."""
    if service.warranty is not None:
        return (service.warranty,)
    return ("in", "after") if service.products else ("in", "after", "unknown")


def _applies_always(service: Service, category: str, product: str | None, warranty: str) -> bool:
    """To a request of that category, with that contract and no other in force, in that state of the warranty."""
    return (
        category in service.categories
        and (not service.products or product in service.products)
        and service.warranty in (None, warranty)
    )


def earliest_start(service: Service, start: date, area: str | None, delivered_on: date | None) -> date:
    """When a service that is to begin on `start` can begin: later, where it counts from the delivery in that area."""
    months = service.starts_months_after_delivery
    if months is None or delivered_on is None or service.serves(area):
        return start
    return max(start, first_of_month_after(delivered_on, months))


def has_contract(fulfilment: FulfilmentSection, facts: Facts, on: date) -> ContractFacts | None:
    """A contract that gives any service on a local date, whatever the request is about; None if there is none."""
    asset = facts.asset
    if asset is None or not asset.registered:
        return None
    for service in fulfilment.services:
        in_force = [each for each in _in_force(service, facts.contracts, asset, on) if _begun(service, each, facts)]
        if in_force:
            return _best(in_force, facts)
    return None
