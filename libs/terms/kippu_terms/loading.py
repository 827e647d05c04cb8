"""From the text of a plan file to a plan, or to everything that is wrong with it."""

import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ValidationError

from kippu_terms import calendar
from kippu_terms.blanks import unfilled
from kippu_terms.facts import CALENDARS_FROM, CALENDARS_UNTIL
from kippu_terms.money import UnknownCurrency, minor_digits
from kippu_terms.plan import Plan
from kippu_terms.plan_faults import (
    Objection,
    Path,
    PlanFault,
    PlanInvalid,
    fault_at,
    lines_of,
    model_faults,
    syntax_fault,
)
from kippu_terms.reachability import unreachable


@lru_cache(maxsize=64)
def load(text: str) -> Plan:
    """The plan that a plan file's text states. Raises PlanInvalid with every fault that keeps it from being obeyed.

    What `check` says beside these is no reason to stop obeying a version that was published before it was looked for.
    """
    plan, faults = _examine(text)
    if plan is None or faults:
        raise PlanInvalid(faults)
    return plan


def check(text: str) -> list[PlanFault]:
    """Everything that is wrong with a plan file's text, in the order of its lines; empty if it is in order.

    What is unreachable is said once nothing else is wrong: it rests on names that are right.
    """
    plan, faults = _examine(text)
    if plan is None:
        return faults
    objections = [*_days(plan), *unfilled(plan)]
    if not faults:
        objections += unreachable(plan)
    places = lines_of(text)
    return sorted([*faults, *(fault_at(*each, places) for each in objections)], key=lambda fault: fault.line)


def check_together(texts: Mapping[str, str]) -> dict[str, list[PlanFault]]:
    """What is wrong with each of several plan files, by name: by itself, and beside the others.

    A version is in force until the next one of its family takes effect, so no two may take effect on one day.
    """
    faults = {name: check(text) for name, text in texts.items()}
    plans = [(name, load(texts[name])) for name in texts if not faults[name]]
    for place, (name, plan) in enumerate(plans):
        places = lines_of(plan.source)
        for other_name, other in plans[:place]:
            if (plan.provider, plan.family) == (other.provider, other.family):
                faults[name] += [fault_at(*each, places) for each in _overlaps(plan, other, other_name)]
    return faults


def _overlaps(plan: Plan, other: Plan, other_name: str) -> Iterator[Objection]:
    if plan.version == other.version:
        yield ("version",), f"{other_name} is version {plan.version} of {plan.family}, too", "give it another version"
    if plan.effective_from == other.effective_from:
        what = f"{other.version} ({other_name}) is in force from {plan.effective_from}, too"
        yield ("effective_from",), what, "give one of them a later day"


def _days(plan: Plan) -> Iterator[Objection]:
    if not CALENDARS_FROM.date() <= plan.effective_from < CALENDARS_UNTIL.date():
        what = f"no public holidays are known on {plan.effective_from}, so that nothing could be decided from then on"
        advice = f"use a day from {CALENDARS_FROM.year} to {CALENDARS_UNTIL.year - 1}, such as 2026-11-16"
        yield ("effective_from",), what, advice
    settings = plan.calendar_settings
    for day in sorted(settings.added_holidays & settings.cancelled_holidays):
        yield ("calendar", "cancelled_holidays"), f"{day} is an added holiday, too", "remove it from one of the two"


def _examine(text: str) -> tuple[Plan | None, list[PlanFault]]:
    try:
        fields = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # beside syntax: numbers too long, arrays nested too deeply
        return None, [syntax_fault(error, text)]
    try:
        plan = Plan.read(fields, text)
    except ValidationError as error:
        return None, sorted(model_faults(error, fields, text), key=lambda fault: fault.line)
    places = lines_of(text)
    faults = [fault_at(*objection, places) for objection in _objections(plan)]
    return plan, sorted(faults, key=lambda fault: fault.line)


def _objections(plan: Plan) -> Iterator[Objection]:
    """What the model cannot see: names that refer to nothing, and settings that this build cannot obey."""
    yield from _place_and_currency(plan)
    yield from _clauses(plan)
    yield from _texts(plan)
    yield from _names(plan)


def _place_and_currency(plan: Plan) -> Iterator[Objection]:
    try:
        ZoneInfo(plan.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        yield ("time_zone",), f"{plan.time_zone!r} is no time zone", "use an IANA name such as Asia/Bangkok"
    if not calendar.is_known(plan.country):
        yield ("country",), f"the public holidays of {plan.country} are not known", "use an ISO 3166-1 alpha-2 code"
    try:
        minor_digits(plan.commercial.currency)
    except UnknownCurrency as error:
        yield ("commercial", "currency"), str(error), "use a currency whose minor unit is known"


def _clauses(plan: Plan) -> Iterator[Objection]:
    obeyed = set()
    for path, clause in _references(plan, ()):
        obeyed.add(clause)
        if clause not in plan.clauses:
            yield path, f"clause {clause} is not stated", f"add [clauses.{clause}] with its text"
    for clause in plan.clauses:
        if clause not in obeyed:
            yield ("clauses", clause), f"nothing obeys clause {clause}", "give a rule this clause id"


def _references(value: object, path: Path) -> Iterator[tuple[Path, str]]:
    """Every `clause` in the plan, with its path in the file."""
    if isinstance(value, BaseModel):
        for field, info in type(value).model_fields.items():
            here = (*path, info.alias or field)
            if field == "clause":
                yield here, getattr(value, field)
            else:
                yield from _references(getattr(value, field), here)
    elif isinstance(value, dict):
        for key, member in value.items():
            yield from _references(member, (*path, key))
    elif isinstance(value, tuple):
        for place, member in enumerate(value):
            yield from _references(member, (*path, place))


def _texts(plan: Plan) -> Iterator[Objection]:
    for clause, text in plan.clauses.items():
        for language in dict.fromkeys((plan.languages[0], "en")):
            if language not in text:
                yield ("clauses", clause), f"clause {clause} has no text in {language!r}", f"add `{language}`"
    for place, product in enumerate(plan.commercial.products):
        if "en" not in product.name:
            yield ("commercial", "products", place, "name"), "a product needs an English name", "add `en`"


def _names(plan: Plan) -> Iterator[Objection]:
    yield from _rules(plan)
    yield from _order_rules(plan)
    yield from _services(plan)
    visits, offer, returns = plan.fulfilment.visits, plan.commercial.offer, plan.fulfilment.returns
    hours, products = list(plan.calendar_settings.hours), [product.id for product in plan.commercial.products]
    yield from _unknown(("fulfilment", "visits", "hours"), [visits.hours] if visits else [], hours, "hours")
    changes = plan.contracts.changes
    desk = [changes.hours] if changes and changes.hours else []
    yield from _unknown(("contracts", "changes", "hours"), desk, hours, "hours")
    yield from _unknown(("commercial", "offer", "product"), [offer.product] if offer else [], products, "product")
    charges = [product.id for product in plan.commercial.products if product.kind == "charge"]
    services = [product.id for product in plan.commercial.products if product.kind == "service"]
    booked = [product_id for product_id in services if not plan.product(product_id).quoted_only]
    for place, preparation in enumerate(plan.bookings.preparations if plan.bookings else ()):
        here: Path = ("bookings", "preparations", place, "services")
        yield from _unknown(here, preparation.services, booked, "booked service product")
    for setting, product_id in plan.licences.names_products().items() if plan.licences else ():
        yield from _unknown(("licences", *setting.split(".")), [product_id], products, "product")
    yield from _quotes(plan, services)
    yield from _quoted_only(plan)
    for section, terms in (("returns", returns), ("reshipment", plan.fulfilment.reshipment)):
        path: Path = ("fulfilment", section, "charge_product")
        yield from _unknown(path, [terms.charge_product] if terms else [], charges, "charge")
    for place, product in enumerate(plan.commercial.products):
        yield from _unknown(("commercial", "products", place, "only_with"), product.only_with, products, "product")
    for name, window in plan.calendar_settings.hours.items():
        if window.opens >= window.closes:
            yield ("calendar", "hours", name, "closes"), f"hours {name!r} close before they open", "swap the times"
    for table, ids in (
        (("coverage", "categories"), [category.id for category in plan.coverage.categories]),
        (("fulfilment", "services"), [service.id for service in plan.fulfilment.services]),
        (("commercial", "products"), products),
    ):
        for place, name in enumerate(ids):
            if name in ids[:place]:
                yield (*table, place, "id"), f"{name!r} is defined twice", "give it another id"


def _quoted_only(plan: Plan) -> Iterator[Objection]:
    """What comes by a quote alone, and by none."""
    quotes, offer = plan.commercial.quotes, plan.commercial.offer
    given = {quote.gives for quote in quotes}
    for place, service in enumerate(plan.fulfilment.services):
        if service.quoted_only and service.id not in given:
            what = f"service {service.id!r} is given only where it was quoted, and no quote gives it"
            yield ("fulfilment", "services", place), what, "name it in `gives` of a quote, or remove it"
    offered = {quote.product for quote in quotes} | ({offer.product} if offer else set())
    for place, product in enumerate(plan.commercial.products):
        if product.quoted_only and product.id not in offered:
            what = f"product {product.id!r} is sold only where it was quoted, and no quote offers it"
            yield (
                ("commercial", "products", place, "quoted_only"),
                what,
                "name it in `product` of a quote, or remove this",
            )


def _quotes(plan: Plan, services: Sequence[str]) -> Iterator[Objection]:
    """Each quotes a service, for a clause of coverage that no other is for."""
    decide = {rule.clause for rule in plan.coverage.rules}
    quotes = plan.commercial.quotes
    for place, quote in enumerate(quotes):
        path: Path = ("commercial", "quotes", place)
        yield from _unknown((*path, "product"), [quote.product], services, "service product")
        known = [service.id for service in plan.fulfilment.services]
        yield from _unknown((*path, "gives"), [quote.gives] if quote.gives else [], known, "service")
        if quote.clause not in decide:
            yield (
                (*path, "clause"),
                f"no rule of coverage is by {quote.clause}",
                "name the clause of a rule that quotes",
            )
        if quote.clause in (each.clause for each in quotes[:place]):
            yield (*path, "clause"), f"{quote.clause} is quoted twice", "remove one of the two"


def _rules(plan: Plan) -> Iterator[Objection]:
    categories = [category.id for category in plan.coverage.categories]
    services = [service.id for service in plan.fulfilment.services]
    products = [product.id for product in plan.commercial.products]
    for place, rule in enumerate(plan.coverage.rules):
        path: Path = ("coverage", "rules", place)
        yield from _unknown((*path, "categories"), rule.categories or (), categories, "category")
        yield from _unknown((*path, "services"), rule.services or (), services, "service")
        for setting, names in rule.names_services().items():
            yield from _unknown((*path, setting), names, services, "service")
        for setting, names in rule.names_products().items():
            yield from _unknown((*path, setting), names, products, "product")
        if rule.needs_visits and plan.fulfilment.visits is None:
            yield path, f"rule {rule.kind} needs visits", "add [fulfilment.visits]"
        if rule.needs_metering and plan.commercial.metering is None:
            yield path, f"rule {rule.kind} needs metering", "add [commercial.metering]"


def _order_rules(plan: Plan) -> Iterator[Objection]:
    products = [product.id for product in plan.commercial.products]
    groups = [product.group for product in plan.commercial.products if product.group]
    for place, rule in enumerate(plan.ordering.rules):
        path: Path = ("ordering", "rules", place)
        for setting, names in {"products": rule.products or (), **rule.names_products()}.items():
            yield from _unknown((*path, setting), names, products, "product")
        for setting, names in {"groups": rule.groups or (), **rule.names_groups()}.items():
            yield from _unknown((*path, setting), names, groups, "group")


def _services(plan: Plan) -> Iterator[Objection]:
    categories = [category.id for category in plan.coverage.categories]
    contracts = [product.id for product in plan.commercial.products if product.kind == "maintenance"]
    hours = list(plan.calendar_settings.hours)
    for place, service in enumerate(plan.fulfilment.services):
        path: Path = ("fulfilment", "services", place)
        yield from _unknown((*path, "categories"), service.categories, categories, "category")
        yield from _unknown((*path, "products"), service.products, contracts, "maintenance product")
        yield from _unknown((*path, "reception"), [service.reception] if service.reception else [], hours, "hours")
        for number, term in enumerate(service.targets):
            within = term.same_day.within if term.same_day else None
            here: Path = (*path, "targets", number, "same_day", "within")
            yield from _unknown(here, [within] if within else [], hours, "hours")
            if term.areas is None and number < len(service.targets) - 1:
                after = "a target after one that holds everywhere is never reached"
                yield (*path, "targets", number), after, "put it last, or give it `areas`"


def _unknown(path: Path, used: Iterable[str], known: Sequence[str], what: str) -> Iterator[Objection]:
    for name in sorted(set(used) - set(known)):
        advice = f"use one of {', '.join(sorted(set(known)))}" if known else f"add a {what}"
        yield path, f"no {what} {name!r} is defined", advice
