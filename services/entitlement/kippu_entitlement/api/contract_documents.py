"""The documents of a contract, as PDF (SVT-05, SVT-10, NEC-Q5)."""

import asyncio
from datetime import datetime
from typing import Annotated, Any

import orjson
from fastapi import APIRouter
from kippu_service.documents import MEDIA_TYPE, pdf
from kippu_service.http import Line, Query, not_found, query
from pydantic import BaseModel
from starlette.responses import Response

router = APIRouter(tags=["contracts"])

_CONTRACT = "select true from read.contract where contract_id = $1"
_DOCUMENTS = """
    select * from read.contract_document where contract_id = $1 order by document_id collate "C"
"""
_DOCUMENT = "select * from read.contract_document where contract_id = $1 and document_id = $2"
_FILE: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}


class DocumentShown(BaseModel):
    document_id: str
    kind: str
    clause: str
    """By which it is made."""
    language: str
    issued_at: datetime


class Documents(BaseModel):
    items: list[DocumentShown]


@router.get("/v1/contracts/{contract_id}/documents", response_model=Documents)
async def list_documents(contract_id: Line, query: Annotated[Query, query("contracts:read")]) -> Response:
    """What was issued about a contract."""
    async with query.snapshot() as snapshot:
        known = await snapshot.fetchrow(_CONTRACT, contract_id)
        rows = await snapshot.fetch(_DOCUMENTS, contract_id)
    if known is None:
        raise not_found()
    return query.answer(Documents(items=[DocumentShown.model_validate(dict(row)) for row in rows]))


@router.get(
    "/v1/contracts/{contract_id}/documents/{document_id}",
    response_class=Response,
    responses={200: {"description": "The document", "content": {MEDIA_TYPE: _FILE}}},
)
async def show_document(
    contract_id: Line, document_id: Line, query: Annotated[Query, query("contracts:read")]
) -> Response:
    """The document as it was issued: the same file each time, and the one that was mailed."""
    found = await query.fetchrow(_DOCUMENT, contract_id, document_id)
    if found is None:
        raise not_found()
    content = orjson.loads(found["content"])
    file = await asyncio.to_thread(pdf, found["kind"], found["language"], content, found["issued_at"])
    disposition = f'attachment; filename="{document_id}.pdf"'
    return Response(file, media_type=MEDIA_TYPE, headers={"content-disposition": disposition})
