"""The services that there are: how each is built, and where its own SQL files are."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from kippu_service.runtime import Runtime
from kippu_service.service import Service


@dataclass(frozen=True, slots=True)
class Part:
    """One service before it has a runtime. Its code is imported when it is built: a process holds what it runs."""

    name: str

    def build(self, runtime: Runtime) -> Service:
        build: Callable[[Runtime], Service] = import_module(f"kippu_{self.name}.app").build
        return build(runtime)

    @property
    def migrations(self) -> Path:
        return Path(import_module(f"kippu_{self.name}").__file__ or "").parent / "migrations"


PARTS = {name: Part(name) for name in ("intake", "entitlement", "dispatch", "billing", "console")}
"""By name, in the order in which a request passes through them."""
