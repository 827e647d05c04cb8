"""What a plan states and nothing can ever come of: rules that never decide or speak, services that are never given.

Only what is certain is said, by what each kind of rule says of itself (`settled`, `may_settle`): a rule is unreachable
if, whatever the facts, an earlier one has settled the outcome wherever it could. Rules that only note something have
their say after that, too, and are left alone.
"""

from collections.abc import Iterator, Sequence

from kippu_terms.fulfilment import Service
from kippu_terms.plan import Plan
from kippu_terms.plan_faults import Objection, Path
from kippu_terms.rules.base import Category, Rule
from kippu_terms.services import is_hidden


def unreachable(plan: Plan) -> Iterator[Objection]:
    """Every rule, service and target of a plan that is there in vain."""
    yield from _rules(plan)
    yield from _order_rules(plan)
    for place, service in enumerate(plan.fulfilment.services):
        path: Path = ("fulfilment", "services", place)
        if is_hidden(service, plan.fulfilment.services[:place]):
            what = f"service {service.id!r} is never given: those before it apply wherever it would"
            yield path, what, "put it before them, or narrow their `categories`, `products` or `warranty`"
        yield from _targets(service, path)


def _rules(plan: Plan) -> Iterator[Objection]:
    rules = plan.coverage.rules
    for place, rule in enumerate(rules):
        path: Path = ("coverage", "rules", place)
        scope = _categories(plan, rule)
        if not scope:
            what = f"rule {rule.kind} never speaks: none of its services is for any of its categories"
            yield path, what, "correct its `categories` or `services`"
            continue
        if (said := _said_before(rules[:place], rule)) is not None:
            what = f"rule {rule.kind} says what coverage.rules[{said}] has said"
            yield path, what, "remove one of the two, or let them speak on different `categories` or `services`"
        elif rule.may_settle and (settled := _settled_before(plan, rules[:place], rule, scope)):
            what = f"rule {rule.kind} never decides: {settled} settles the outcome before it"
            yield path, what, "put it before that one, or let one of them speak on fewer `categories` or `services`"


def _order_rules(plan: Plan) -> Iterator[Objection]:
    """All of these judge every order, so none stands in another's way; but one may be for nothing that is sold."""
    for place, rule in enumerate(plan.ordering.rules):
        if not any(rule.speaks_on(product) for product in plan.commercial.products):
            what = f"rule {rule.kind} never speaks: no product is among its products and groups"
            yield ("ordering", "rules", place), what, "correct its `products`, `groups` or `renewals`"


def _categories(plan: Plan, rule: Rule) -> frozenset[Category]:
    """On which categories it speaks; None is for a request that nobody has classified yet."""
    known: frozenset[Category] = frozenset(category.id for category in plan.coverage.categories)
    categories = known | {None} if rule.categories is None else known & rule.categories
    if rule.services is None:
        return categories
    services = [each for each in plan.fulfilment.services if each.id in rule.services]
    return frozenset(category for category in categories if any(category in each.categories for each in services))


def _said_before(earlier: Sequence[Rule], rule: Rule) -> int | None:
    """Which earlier rule is this one, clause and settings alike, and speaks wherever this one does."""
    settings = _settings(rule)
    for place, other in enumerate(earlier):
        wider = _covers(other.categories, rule.categories) and _covers(other.services, rule.services)
        if wider and _settings(other) == settings:
            return place
    return None


def _settings(rule: Rule) -> dict[str, object]:
    return rule.model_dump(exclude={"remedy", "categories", "services"})


def _covers(wide: frozenset[str] | None, narrow: frozenset[str] | None) -> bool:
    return wide is None or (narrow is not None and narrow <= wide)


def _settled_before(plan: Plan, earlier: Sequence[Rule], rule: Rule, scope: frozenset[Category]) -> str | None:
    """The earlier rules that settle every request on which this one could, by name; None if one is left to it."""
    settling: dict[str, None] = {}
    for category in sorted(scope, key=str):
        services = _services_for(plan, rule, category)
        name = next(
            (
                f"coverage.rules[{place}] ({other.kind})"
                for place, other in enumerate(earlier)
                if category in other.settled(_categories(plan, other)) and _covers(other.services, services)
            ),
            None,
        )
        if name is None:
            return None
        settling[name] = None
    return " or ".join(settling)


def _services_for(plan: Plan, rule: Rule, category: Category) -> frozenset[str] | None:
    """Of the services on which a rule speaks, those for a category; None if it speaks without any."""
    if rule.services is None:
        return None
    return frozenset(
        each.id for each in plan.fulfilment.services if each.id in rule.services and category in each.categories
    )


def _targets(service: Service, path: Path) -> Iterator[Objection]:
    """A target for areas that all have an earlier one."""
    taken: set[str] = set()
    for number, term in enumerate(service.targets):
        if term.areas is not None and term.areas <= taken:
            what = "this target is never reached: earlier ones hold in all of its areas"
            yield (*path, "targets", number), what, "correct its `areas`, or remove it"
        taken |= term.areas or set()
