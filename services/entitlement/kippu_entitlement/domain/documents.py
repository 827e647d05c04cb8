"""Which documents are made of a contract, and what they state: the service ticket (SVT-05), the notice of its
registration (SVT-10), the label (NEC-Q5). Nothing in them is personal."""

from datetime import datetime
from typing import Literal

from kippu_events.catalogue.contracts import DocumentIssued
from kippu_terms.plan import Plan
from kippu_terms.registration import DocumentTerms

from kippu_entitlement.domain.contract import Contract


def documents_of(
    state: Contract, plan: Plan, made_when: Literal["dated", "registered"], language: str, now: datetime
) -> tuple[DocumentIssued, ...]:
    """What the terms have made at that moment of a contract's life; a document's id follows from what it is."""
    return tuple(
        DocumentIssued(
            occurred_at=now,
            contract_id=state.contract_id,
            customer_id=state.customer_id,
            document_id=f"{state.contract_id}.{terms.kind}",
            kind=terms.kind,
            clause=terms.clause,
            language=language,
            content=_content(state, plan, terms, language),
            contact_id=state.contact_id,
        )
        for terms in plan.contracts.documents
        if terms.made_when == made_when
    )


def _content(state: Contract, plan: Plan, terms: DocumentTerms, language: str) -> dict[str, str]:
    """What is known and has its place on the document; a text that the terms lack in the language is in English."""
    product, registered_at = plan.product(state.product), state.registered_at
    stated = {
        "issuer": _in(plan.name, language),
        "contract_id": state.contract_id,
        "product": product.description(language),
        "part_number": product.part_number,
        "model": state.model,
        "serial": state.serial,
        "valid_from": state.valid_from,
        "valid_until": state.valid_until,
        "register_by": state.register_by if terms.kind == "service_ticket" else None,
        "registered_on": plan.calendar.local_date(registered_at) if registered_at else None,
        "desk_telephone": terms.desk.telephone if terms.desk else None,
        "desk_mail": terms.desk.mail if terms.desk else None,
        "asks_for": _in(terms.asks_for, language),
    }
    return {name: str(value) for name, value in stated.items() if value}


def _in(text: dict[str, str], language: str) -> str | None:
    return text.get(language) or text.get("en")
