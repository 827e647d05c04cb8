"""A request that cannot be opened as it was sent: what nobody knows is named beside what is malformed, in one answer.

Only on this way is anything looked up a second time: what is in order never comes here.
"""

from collections.abc import Mapping
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from kippu_events.catalogue.values import Channel
from kippu_service.http import Command, FieldError, command
from kippu_service.problems import MAX_ERRORS, problem_of
from kippu_terms.refusal import Fault, Refused
from kippu_terms.value import StatedInstant
from pydantic import TypeAdapter
from starlette.responses import Response

from kippu_intake.api.asking import faults_of_contact, faults_of_terms
from kippu_intake.api.schemas import NewTicket
from kippu_intake.known import Known

OPENING = ("POST", "/v1/tickets")
_INSTANT: TypeAdapter[Any] = TypeAdapter(StatedInstant)
_SENDER = command("tickets:write")


async def answer_malformed(request: Request, error: RequestValidationError) -> Response:
    """As everywhere; of a request to be opened with all that is wrong with who asks, how, and about what."""
    problem = problem_of(request, error)
    if (request.method, request.url.path) == OPENING and problem.status == 422:
        sender: Command = await _SENDER.dependency(request)
        await sender.catch_up()
        found = await _unknown(sender, _well_formed(error))
        errors = [
            FieldError(field=each.field, code=each.code, message=each.message, clause=each.clause) for each in found
        ]
        problem.errors = [*problem.errors, *errors][:MAX_ERRORS]
    return problem.response()


def _well_formed(error: RequestValidationError) -> Mapping[str, str]:
    """The texts of the body that nothing is wrong with, by their fields; all others are left out."""
    body = error.body if isinstance(error.body, dict) else {}
    wrong = {part for fault in error.errors() for part in fault["loc"][1:2]}
    return {
        name: body[name].strip()
        for name in NewTicket.model_fields
        if name not in wrong and isinstance(body.get(name), str)
    }


async def _unknown(sender: Command, said: Mapping[str, str]) -> list[Fault]:
    customer_id, contact_id, family = (said.get(name, "") for name in ("customer_id", "contact_id", "plan_family"))
    at = _INSTANT.validate_python(said["received_at"]) if "received_at" in said else sender.runtime.clock.now()
    contact, plan = await Known(sender.runtime).asking(sender.provider, contact_id, family, at)
    faults: list[Fault] = []
    if customer_id and contact_id and _is_theirs(sender, customer_id):
        faults += faults_of_contact(contact, customer_id)
    if family:
        channel = Channel(said["channel"]) if "channel" in said else None
        faults += faults_of_terms(plan, channel, said.get("category"))
    return faults


def _is_theirs(sender: Command, customer_id: str) -> bool:
    """Of another's customer nothing is said here: what is malformed has to be put right first."""
    try:
        sender.principal.require_customer(customer_id)
    except Refused:
        return False
    return True
