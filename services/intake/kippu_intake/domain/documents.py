"""A document about a contract goes to the maintenance contact by mail (SVT-10), as an attachment."""

from datetime import datetime

from kippu_events.catalogue.contracts import DocumentIssued
from kippu_events.catalogue.intake import MailRequested
from kippu_events.event import Event

PREFIX = "document_"
"""Of the mail templates that carry a document; the kind of the document follows."""

ABOUT = frozenset({"document_id", "clause", "issued_at"})
"""Parameters of such a mail that its document does not state."""


def mail_with(issued: DocumentIssued, now: datetime) -> list[Event]:
    """Nothing where nobody is named to whom it goes."""
    if issued.contact_id is None:
        return []
    return [
        MailRequested(
            occurred_at=now,
            mail_id=issued.document_id,
            template=f"{PREFIX}{issued.kind}",
            language=issued.language,
            contact_id=issued.contact_id,
            customer_id=issued.customer_id,
            parameters={
                **issued.content,
                "contract_id": issued.contract_id,
                "document_id": issued.document_id,
                "clause": issued.clause,
                "issued_at": issued.occurred_at.isoformat(),
            },
        )
    ]
