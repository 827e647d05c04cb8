"""Published events stay readable: by today's build, and by yesterday's that is still running."""

import json
from pathlib import Path

import pytest
from kippu_events.event import catalogue
from kippu_events.schemas import incompatibilities, schema_of, to_text

SCHEMAS = Path(__file__).parent / "schemas"
TYPES = sorted(catalogue())


@pytest.mark.parametrize("name", TYPES)
def test_an_event_type_is_exported_and_compatible_with_what_was_published(name: str) -> None:
    file = SCHEMAS / f"{name}.json"
    assert file.exists(), f"{name} has no exported schema: make schemas"
    now = schema_of(catalogue()[name])
    assert incompatibilities(json.loads(file.read_text("utf-8")), now) == []
    assert file.read_text("utf-8") == to_text(now), f"{name} changed compatibly, so export it again: make schemas"


def test_a_published_type_never_disappears() -> None:
    published = {file.stem for file in SCHEMAS.glob("*.json")}
    assert published <= set(TYPES), f"published, but no longer in the catalogue: {sorted(published - set(TYPES))}"
