"""Sheets of registrations that a contact mailed: one that comes through, and one with faults."""

from datetime import datetime
from typing import Any

from kippu_events.catalogue import contracts, intake
from kippu_privacy import Plain

from kippu_console.testing import Said
from kippu_console.testing.story import NOON

REPORT = """- 3 行目、「シリアル番号」列：形式または桁数が正しくありません (SVT-06)
- 3 行目、「約款への同意」列：記入がありません (SVT-06)"""


def mailed(sheet_id: str, *, at: datetime = NOON, customer: str = "customer-1") -> Said:
    mail_id = sheet_id.partition(".")[0]
    handed_over = intake.SheetMailed(
        **_about(sheet_id, at, customer), mail_id=mail_id, content=Plain("contact-1", "UEsDBA==")
    )
    return "intake", f"mail-iij-{mail_id}", handed_over


def refused(sheet_id: str, *, at: datetime = NOON, customer: str = "customer-1") -> list[Said]:
    said = contracts.SheetRefused(
        **_about(sheet_id, at, customer),
        faults=2,
        codes=("malformed", "missing"),
        report=Plain("contact-1", REPORT),
        found=(
            contracts.SheetFault(code="malformed", row=3, column="serial", clause="SVT-06"),
            contracts.SheetFault(code="missing", row=3, column="consent", clause="SVT-06"),
        ),
    )
    return [mailed(sheet_id, at=at, customer=customer), ("entitlement", f"sheet-iij-{sheet_id}", said)]


def imported(sheet_id: str, *, at: datetime = NOON, customer: str = "customer-1") -> list[Said]:
    said = contracts.SheetImported(**_about(sheet_id, at, customer), registered=1, already_registered=1)
    return [mailed(sheet_id, at=at, customer=customer), ("entitlement", f"sheet-iij-{sheet_id}", said)]


def _about(sheet_id: str, at: datetime, customer: str) -> dict[str, Any]:
    return {
        "occurred_at": at,
        "sheet_id": sheet_id,
        "customer_id": customer,
        "contact_id": "contact-1",
        "language": "ja",
        "clause": "SVT-08",
        "subject": Plain("contact-1", "[Registration] two switches"),
        "file_name": Plain("contact-1", "登録.xlsx"),
    }
