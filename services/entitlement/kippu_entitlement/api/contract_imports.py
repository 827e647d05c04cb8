"""Registration of contracts by spreadsheet (SVT-08): the template, and the import of a filled one, all rows or none."""

import asyncio
from dataclasses import asdict
from typing import Annotated, Literal

from fastapi import APIRouter, Request
from fastapi import Query as QueryParameter
from kippu_events.work import Work
from kippu_service.http import Command, Identifier, Query, command, query
from pydantic import BaseModel
from starlette.responses import Response

from kippu_entitlement.api.registrations import MAX_BODY, TAKES, XLSX, XLSX_FILE, newest_plan, uploaded
from kippu_entitlement.registration.contract_rows import template
from kippu_entitlement.registration.importing import import_rows, reading_of

router = APIRouter(tags=["contracts"])


class ContractsImported(BaseModel):
    """What came of a file."""

    registered: int
    already_registered: int
    """Contracts that were registered with the same facts before, and are not registered twice."""


@router.post(
    "/v1/contract-registrations/import",
    response_model=ContractsImported,
    max_body_size=MAX_BODY,
    openapi_extra=TAKES,
)
async def import_sheet(request: Request, command: Annotated[Command, command("contracts:write")]) -> Response:
    """Registers the contract of every row of the first sheet in one append. With any fault nothing is registered, and
    every fault is named with the sheet's row and the column's title."""
    content = await uploaded(request)
    reading = await asyncio.to_thread(reading_of, content)

    async def decide(work: Work) -> dict[str, int]:
        return asdict(await import_rows(work, command.provider, reading, command.principal.require_customer))

    return await command.run(content, decide, status=200)


@router.get(
    "/v1/contract-registrations/template",
    response_class=Response,
    responses={200: {"description": "A workbook (.xlsx)", "content": {XLSX: {"schema": XLSX_FILE}}}},
)
async def show_template(
    query: Annotated[Query, query("plans:read")],
    family: Annotated[
        Identifier | None, QueryParameter(description="By whose terms its notes say how it is sent by mail.")
    ] = None,
    language: Annotated[Literal["en", "ja"], QueryParameter(description="Of the titles.")] = "en",
) -> Response:
    """An .xlsx to fill in: titles with an example, and notes in Japanese and English."""
    content = await asyncio.to_thread(template, language, await newest_plan(query, family))
    disposition = f'attachment; filename="contract-registration-{language}.xlsx"'
    headers = {"content-disposition": disposition, "cache-control": "private, no-cache"}
    return Response(content, media_type=XLSX, headers=headers)
