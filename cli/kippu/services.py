"""The services that there are: how each is built, and where its own SQL files are."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import kippu_billing.app
import kippu_console.app
import kippu_dispatch.app
import kippu_entitlement.app
import kippu_intake.app
from kippu_service.runtime import Runtime
from kippu_service.service import Service


@dataclass(frozen=True, slots=True)
class Part:
    """One service before it has a runtime."""

    name: str
    build: Callable[[Runtime], Service]
    migrations: Path


def _part(name: str, module_file: str | None, build: Callable[[Runtime], Service]) -> Part:
    return Part(name, build, Path(module_file or "").parent / "migrations")


PARTS: dict[str, Part] = {
    part.name: part
    for part in (
        _part("intake", kippu_intake.app.__file__, kippu_intake.app.build),
        _part("entitlement", kippu_entitlement.app.__file__, kippu_entitlement.app.build),
        _part("dispatch", kippu_dispatch.app.__file__, kippu_dispatch.app.build),
        _part("billing", kippu_billing.app.__file__, kippu_billing.app.build),
        _part("console", kippu_console.app.__file__, kippu_console.app.build),
    )
}
"""By name, in the order in which a request passes through them."""
