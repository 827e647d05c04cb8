"""Faults that a person can do something about: what happened, where, and what to do. Never a traceback."""

from rich.console import Console
from rich.text import Text


class Trouble(Exception):
    """An expected fault. `what` happened, at `where`, and `remedy` says what to do about it."""

    def __init__(self, what: str, *, where: str | None = None, remedy: str | None = None) -> None:
        super().__init__(what)
        self.what, self.where, self.remedy = what, where, remedy

    def show(self, console: Console) -> None:
        console.print(Text.assemble(("✗ ", "bold red"), (self.what, "bold")), soft_wrap=True)
        if self.where:
            console.print(Text.assemble(("  where  ", "dim"), self.where), soft_wrap=True)
        if self.remedy:
            console.print(Text.assemble(("  to do  ", "dim"), self.remedy), soft_wrap=True)
