"""How a rehearsal is told: each request that would have been decided otherwise, and the differences in sum."""

from collections.abc import Iterator, Mapping
from fractions import Fraction

from kippu_entitlement.rehearsal import Judged, Money, Rehearsal, Replayed
from kippu_terms.money import formatted, rounded
from rich.table import Table


def line(replay: Replayed) -> str:
    """`KP-0000-0001  covered_by_debit (IIJ-07), 2 tickets → refused (IIJ-05)`."""
    was, would_be = replay.before, replay.after
    mark = "↯" if replay.flips else "~"
    return f"{mark} {replay.ticket_no}  {_told(was, would_be)} → {_told(would_be, was)}"


def _told(judged: Judged, other: Judged) -> str:
    parts = [f"{judged.outcome} ({judged.clause})"]
    if judged.service != other.service and judged.service is not None:
        parts.append(judged.service)
    if judged.tickets != other.tickets:
        parts.append(f"{judged.tickets} ticket{'' if judged.tickets == 1 else 's'}")
    return ", ".join(parts)


def table(rehearsal: Rehearsal) -> Table:
    """The sums before, after, and their difference."""
    shown = Table("", "as it was", "as it would be", "difference", "", box=None)
    for row in _rows(rehearsal):
        shown.add_row(*row)
    return shown


def _rows(done: Rehearsal) -> Iterator[tuple[str, ...]]:
    before, after = done.before, done.after
    yield "prepaid tickets", *_numbers(before.tickets, after.tickets), ""
    yield from _money("their worth", before.worth, after.worth)
    if done.orders:
        yield from _money(f"orders ({done.orders})", before.orders, after.orders)
    for name in ("met", "missed", "open"):
        yield f"targets {name}", *_numbers(getattr(before, name), getattr(after, name)), ""


def _numbers(before: int, after: int) -> tuple[str, str, str]:
    return str(before), str(after), f"{after - before:+}" if after != before else "0"


def _money(what: str, before: Mapping[str, Money], after: Mapping[str, Money]) -> Iterator[tuple[str, ...]]:
    for currency in dict.fromkeys((*before, *after)):
        was, would_be = before.get(currency, Money()), after.get(currency, Money())
        mark = "illustrative" if was.illustrative or would_be.illustrative else ""
        difference = would_be.amount - was.amount
        sign = "+" if difference > 0 else ""
        amounts = _amount(was.amount, currency), _amount(would_be.amount, currency)
        yield what, *amounts, sign + _amount(difference, currency), mark


def _amount(amount: Fraction, currency: str) -> str:
    return formatted(rounded(amount, "half_up"), currency)
