"""Blanks in the texts of a plan, `$name`: those of a remedy are filled by its rule, and no others by anything."""

import re
from collections.abc import Iterator

from pydantic import BaseModel

from kippu_terms.plan import Plan
from kippu_terms.plan_faults import Objection, Path

_BLANK = re.compile(r"\$(?:\$|(?P<name>[A-Za-z_]\w*)|\{(?P<braced>[A-Za-z_]\w*)\})", re.ASCII)
"""As `string.Template` reads them; `$$` is the sign itself."""


def unfilled(plan: Plan) -> Iterator[Objection]:
    """Every blank that nothing fills."""
    return _in(plan, (), frozenset())


def _in(value: object, path: Path, filled: frozenset[str]) -> Iterator[Objection]:
    if isinstance(value, BaseModel):
        filled = getattr(value, "blanks", filled)
        more = getattr(value, "more_blanks", {})
        for field, info in type(value).model_fields.items():
            yield from _in(getattr(value, field), (*path, info.alias or field), filled | more.get(field, frozenset()))
    elif isinstance(value, dict):
        for key, member in value.items():
            here = (*path, key)
            yield from _in_text(member, here, filled) if isinstance(member, str) else _in(member, here, filled)
    elif isinstance(value, tuple):
        for place, member in enumerate(value):
            yield from _in(member, (*path, place), filled)


def _in_text(text: str, path: Path, filled: frozenset[str]) -> Iterator[Objection]:
    names = dict.fromkeys(found["name"] or found["braced"] for found in _BLANK.finditer(text))
    for name in names:
        if name is not None and name not in filled:
            known = ", ".join(f"${each}" for each in sorted(filled))
            advice = f"use one of {known}, or write $$ for the sign" if filled else "say it without a blank"
            yield path, f"nothing fills ${name} in this text", advice
