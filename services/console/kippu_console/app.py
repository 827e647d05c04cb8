"""The console, wired: projectors over every log, and pages over what they write."""

from pathlib import Path

from kippu_service.runtime import Runtime
from kippu_service.service import Service
from starlette.exceptions import HTTPException

from kippu_console.pages import pages
from kippu_console.readmodels import PROJECTORS
from kippu_console.rendering import Pages
from kippu_console.sign_in import BrowserSignIn


def build(runtime: Runtime) -> Service:
    rendered = Pages(runtime.vault)
    return Service(
        name="console",
        migrations=Path(__file__).parent / "migrations",
        routers=(pages(rendered),),
        handlers={HTTPException: rendered.unknown_address},
        middleware=(BrowserSignIn,),
        projectors=tuple(projector() for projector in PROJECTORS),
    )
