"""The versions of one family of terms, and which of them is in force on a date."""

from collections.abc import Iterable, Iterator
from datetime import date

from kippu_terms.plan import Plan


class NoSuchPlan(LookupError):
    """No version is in force on that date, or there is none of that name."""


class PlanBook:
    """All published versions of a family. A version stays in force until the next one takes effect."""

    def __init__(self, versions: Iterable[Plan] = ()) -> None:
        """Raises ValueError for versions of several families, or two with the same name or date of effect."""
        self._versions = tuple(sorted(versions, key=lambda plan: plan.effective_from))
        for what, values in (
            ("version", [plan.version for plan in self._versions]),
            ("date of effect", [plan.effective_from for plan in self._versions]),
        ):
            if len(set(values)) != len(values):
                raise ValueError(f"two versions of a plan have the same {what}")
        if len({(plan.provider, plan.family) for plan in self._versions}) > 1:
            raise ValueError("a plan book holds the versions of one family of one provider")

    def __iter__(self) -> Iterator[Plan]:
        """The earliest first."""
        return iter(self._versions)

    def __len__(self) -> int:
        return len(self._versions)

    def with_version(self, plan: Plan) -> "PlanBook":
        """A book that holds this version too."""
        return PlanBook((*self._versions, plan))

    def in_force(self, on: date) -> Plan:
        """The version in force on a local date. Raises NoSuchPlan before the first took effect."""
        effective = [plan for plan in self._versions if plan.effective_from <= on]
        if not effective:
            raise NoSuchPlan(f"no version of the terms was in force on {on}")
        return effective[-1]

    def pinned(self, version: str) -> Plan:
        """The version of that name, whenever it was in force. Raises NoSuchPlan."""
        for plan in self._versions:
            if plan.version == version:
                return plan
        known = ", ".join(plan.version for plan in self._versions) or "none"
        raise NoSuchPlan(f"there is no version {version!r} of the terms; known: {known}")
