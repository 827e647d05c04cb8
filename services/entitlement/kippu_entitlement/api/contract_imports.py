"""Registration of contracts by spreadsheet (SVT-08): the template, and the import of a filled one, all rows or none."""

import asyncio
from collections.abc import Callable
from typing import Annotated, Literal

from fastapi import APIRouter, Request
from fastapi import Query as QueryParameter
from kippu_events.work import Work
from kippu_privacy import Plain
from kippu_service.http import Command, Query, command, query
from kippu_terms.refusal import Refused
from pydantic import BaseModel
from starlette.responses import Response

from kippu_entitlement import contracts
from kippu_entitlement.api.registrations import MAX_BODY, TAKES, XLSX, XLSX_FILE, uploaded
from kippu_entitlement.domain.registering import Registration, Site
from kippu_entitlement.registration.contract_rows import COLUMNS, ContractReading, StatedRow, template
from kippu_entitlement.registration.sheet import read

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
    reading = await asyncio.to_thread(lambda: ContractReading(read(content, COLUMNS)))

    async def decide(work: Work) -> dict[str, int]:
        rows = {each.contract_id: each for each in reading.rows}
        stated = {contract_id: _registration(command.provider, row) for contract_id, row in rows.items()}
        done = await contracts.register_all(work, command.provider, stated, command.principal.require_customer)
        faults = [*reading.faults]
        for contract_id, found in done.faults.items():
            faults += reading.faults_at(rows[contract_id], found)
        if faults:
            raise Refused(*faults)
        return {"registered": len(done.new), "already_registered": len(done.unchanged)}

    return await command.run(content, decide, status=200)


def _registration(provider: str, row: StatedRow) -> Callable[[str], Registration]:
    values = row.values

    def stated(customer_id: str) -> Registration:
        site = None
        if values["address"]:
            address = Plain(f"customer-{provider}-{customer_id}", values["address"])
            site = Site(address, values["area"], values["remote_island"], values["height_cm"])
        return Registration(values["consent"], values["serial"], values["model"], values["contact_id"], site)

    return stated


@router.get(
    "/v1/contract-registrations/template",
    response_class=Response,
    responses={200: {"description": "A workbook (.xlsx)", "content": {XLSX: {"schema": XLSX_FILE}}}},
)
async def show_template(
    query: Annotated[Query, query("plans:read")],
    language: Annotated[Literal["en", "ja"], QueryParameter(description="Of the titles.")] = "en",
) -> Response:
    """An .xlsx to fill in: titles with an example, and notes in Japanese and English."""
    content = await asyncio.to_thread(template, language)
    disposition = f'attachment; filename="contract-registration-{language}.xlsx"'
    headers = {"content-disposition": disposition, "cache-control": "private, no-cache"}
    return Response(content, media_type=XLSX, headers=headers)
