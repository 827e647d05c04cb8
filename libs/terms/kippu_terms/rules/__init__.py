"""The kinds of rule a plan can be built from, one file each. A new kind is a new file here; nothing else changes.

Importing this package imports every file in it, which registers its kind.
"""

from importlib import import_module
from pkgutil import iter_modules
from typing import Annotated

from kippu_terms.rules.base import KINDS, Rule

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")

AnyRule = Annotated[Rule, KINDS]
"""A rule of a plan, of the kind that its `kind` names."""

__all__ = ["KINDS", "AnyRule", "Rule"]
