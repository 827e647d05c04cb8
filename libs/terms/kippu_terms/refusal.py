"""How a domain says no: every fault at once, each with what was wrong, where, and by which clause."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Fault:
    """`code` is stable and machine-readable; `field` is the input's path, such as `lines.0.quantity`."""

    code: str
    message: str
    field: str | None = None
    clause: str | None = None


class Refused(Exception):
    """A command that breaks a rule. It changes nothing.

    `invalid`: the input itself is wrong (HTTP 422). `conflict`: it does not fit the state (409). `not_found`: there is
    no such thing, or it is not the caller's to see (404).
    """

    def __init__(self, *faults: Fault, kind: Literal["invalid", "conflict", "not_found"] = "invalid") -> None:
        super().__init__("; ".join(fault.message for fault in faults))
        self.faults = faults
        self.kind = kind

    @property
    def clauses(self) -> tuple[str, ...]:
        """Those that are named, each once."""
        return tuple(sorted({fault.clause for fault in self.faults if fault.clause}))

    @property
    def reasons(self) -> tuple[str, ...]:
        return tuple(fault.message for fault in self.faults)
