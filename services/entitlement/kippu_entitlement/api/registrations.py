"""Registration by spreadsheet: the template, and the import of a filled one, all rows or none."""

import asyncio
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from fastapi import Query as QueryParameter
from kippu_events.work import Work
from kippu_service.http import Command, Identifier, Problem, Query, command, not_found, query
from kippu_terms.loading import load
from kippu_terms.plan import Plan
from kippu_terms.refusal import Refused
from pydantic import BaseModel
from starlette.datastructures import UploadFile
from starlette.responses import Response

from kippu_entitlement.registration import register as registration
from kippu_entitlement.registration.archive import MAX_FILE
from kippu_entitlement.registration.rows import Reading
from kippu_entitlement.registration.sheet import Sheet, read
from kippu_entitlement.registration.template import template

router = APIRouter(tags=["assets"])

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MULTIPART = "multipart/form-data"
MAX_BODY = MAX_FILE + 64 * 1024
"""Bytes of the request: the file, and what a form adds to it."""

_NEWEST = "select source from read.plan where family = $1 order by effective_from desc limit 1"
XLSX_FILE: dict[str, Any] = {"type": "string", "format": "binary"}
TAKES: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            XLSX: {"schema": XLSX_FILE},
            MULTIPART: {"schema": {"type": "object", "required": ["file"], "properties": {"file": XLSX_FILE}}},
        },
    }
}


class Imported(BaseModel):
    """What came of a file."""

    registered: int
    """Assets that were not known before."""
    changed: int
    """Assets of the same customer, of which the file states new facts."""
    already_registered: int
    """Assets that were registered with the same facts before."""


@router.post(
    "/v1/registrations/import",
    response_model=Imported,
    max_body_size=MAX_BODY,
    openapi_extra=TAKES,
)
async def import_sheet(request: Request, command: Annotated[Command, command("assets:write", staff=True)]) -> Response:
    """Registers every row of the first sheet in one append. With any fault nothing is registered, and every fault is
    named with the sheet's row and the column's title."""
    content = await uploaded(request)
    # Parsing takes a while, and is no reason for other requests to wait.
    reading = await asyncio.to_thread(_reading, content)

    async def decide(work: Work) -> dict[str, int]:
        done = await registration.register(work, command.provider, reading.assets)
        faults = [*reading.faults]
        for serial, found in done.faults.items():
            faults += reading.faults_at(serial, found)
        if faults:
            raise Refused(*faults, kind="invalid" if reading.faults else done.kind)
        return {
            "registered": len(done.new),
            "changed": len(done.changed),
            "already_registered": len(done.unchanged),
        }

    return await command.run(content, decide, status=200)


def _reading(content: bytes) -> Reading:
    sheet: Sheet = read(content)
    return Reading(sheet)


async def newest_plan(query: Query, family: str | None) -> Plan | None:
    """None where no family is named. Raises a 404 problem for one that has no terms."""
    if family is None:
        return None
    found = await query.fetchrow(_NEWEST, family)
    if found is None:
        raise not_found()
    return load(found["source"])


async def uploaded(request: Request) -> bytes:
    """The uploaded file: the body itself, or the field `file` of a form. Raises a 415 problem for anything else."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type == XLSX:
        return await request.body()
    if media_type == MULTIPART:
        async with request.form(max_files=1, max_fields=0) as form:
            file = form.get("file")
            if isinstance(file, UploadFile) and file.content_type in (XLSX, "application/octet-stream"):
                return await file.read()
    message = f"send an .xlsx file as {XLSX}, or as the field `file` of {MULTIPART}"
    raise Problem(415, "unsupported_media_type", "The body must be a workbook (.xlsx)", message)


@router.get(
    "/v1/registrations/template",
    response_class=Response,
    responses={200: {"description": "A workbook (.xlsx)", "content": {XLSX: {"schema": XLSX_FILE}}}},
)
async def show_template(
    query: Annotated[Query, query("plans:read")],
    family: Annotated[
        Identifier | None, QueryParameter(description="Whose products and areas are named in it.")
    ] = None,
    language: Annotated[Literal["en", "ja"], QueryParameter(description="Of the titles.")] = "en",
) -> Response:
    """An .xlsx to fill in: titles with an example, and notes in Japanese and English."""
    plan = await newest_plan(query, family)
    content = await asyncio.to_thread(template, language, plan)
    name = f"registration-{family}-{language}.xlsx" if family else f"registration-{language}.xlsx"
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "private, no-cache"}
    return Response(content, media_type=XLSX, headers=headers)
