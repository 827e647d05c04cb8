"""`kippu events`: the published shape of every event."""

import json
from pathlib import Path
from typing import Annotated

import typer
from kippu_events.event import catalogue
from kippu_events.schemas import incompatibilities, schema_of, to_text

from kippu.trouble import Trouble, require_place

app = typer.Typer(help="The catalogue of events.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """The catalogue of events."""


@app.command()
def schemas(
    folder: Annotated[Path, typer.Argument(file_okay=False, help="Where the files go, one for each event type.")],
) -> None:
    """Export the JSON Schema of every event type. A published schema is never overwritten by an incompatible one."""
    require_place(folder, "FOLDER", in_folder=False)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        count = _export(folder)
    except OSError as error:
        raise Trouble(f"The files cannot be written: {error.strerror}", where=str(error.filename or folder)) from error
    typer.echo(f"{count} event types in {folder}")


def _export(folder: Path) -> int:
    generated = {name: schema_of(event_class) for name, event_class in sorted(catalogue().items())}
    broken = []
    for name, schema in generated.items():
        file = folder / f"{name}.json"
        if file.exists():
            published = json.loads(file.read_text("utf-8"))
            broken += [f"{name}: {sentence}" for sentence in incompatibilities(published, schema)]
    if broken:
        raise Trouble(
            "A published event changed in a way that not everybody could read:\n    " + "\n    ".join(broken),
            where=str(folder),
            remedy="give the event a new version (v2) with an upcaster; if no release ever wrote it, delete its file",
        )
    for name, schema in generated.items():
        (folder / f"{name}.json").write_text(to_text(schema), "utf-8")
    return len(generated)
