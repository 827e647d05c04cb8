"""Faults that a person can do something about: what happened, where, and what to do. Never a traceback."""

from pathlib import Path
from typing import ClassVar
from urllib.parse import urlsplit

from rich.console import Console
from rich.text import Text


class Trouble(Exception):
    """An expected fault. `what` happened, at `where`, and `remedy` says what to do about it."""

    exit_code: ClassVar[int] = 1

    def __init__(self, what: str, *, where: str | None = None, remedy: str | None = None) -> None:
        super().__init__(what)
        self.what, self.where, self.remedy = what, where, remedy

    def show(self, console: Console) -> None:
        console.print(Text.assemble(("✗ ", "bold red"), (self.what, "bold")), soft_wrap=True)
        if self.where:
            console.print(Text.assemble(("  where  ", "dim"), self.where), soft_wrap=True)
        if self.remedy:
            console.print(Text.assemble(("  to do  ", "dim"), self.remedy), soft_wrap=True)


class WrongArgument(Trouble):
    """What was typed cannot be meant, whatever the state of things: it ends as every wrong usage of a command does."""

    exit_code = 2


def require_place(path: Path, where: str, *, in_folder: bool) -> None:
    """Where something is to be written: what there is of the way to it are folders, and with `in_folder` the one that
    it goes into is there. Raises WrongArgument."""
    folder = path.parent
    if in_folder and not folder.exists():
        raise WrongArgument(f"There is no folder {folder}.", where=where, remedy="make it, or name another one")
    there = next(each for each in (folder, *folder.absolute().parents) if each.exists())
    if not there.is_dir():
        raise WrongArgument(f"{there} is no folder.", where=where, remedy="name a place within a folder")


def is_address(text: str) -> bool:
    """Whether it is the address of a service: `http` or `https`, a host, and a port if any."""
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
