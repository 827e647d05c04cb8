"""What was issued about a contract reaches its maintenance contact, in their language, as a PDF."""

from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from kippu_events.catalogue.contracts import DocumentIssued
from kippu_events.catalogue.intake import MailRequested
from kippu_events.outbox import Delivered
from kippu_intake.known import Known
from kippu_intake.outgoing import Composer, fold_of
from kippu_intake.sending import Folder, Mailer
from kippu_intake.testing import NOW, ONE, House


def issued(**changes: Any) -> DocumentIssued:
    usual: dict[str, Any] = {
        "contract_id": "O-1",
        "customer_id": "customer-1",
        "document_id": "O-1.registration_notice",
        "kind": "registration_notice",
        "clause": "SVT-10",
        "language": "ja",
        "contact_id": "contact-1",
        "content": {
            "contract_id": "O-1",
            "product": "先出しセンドバック保守サービス 1 年",
            "model": "M24ePWR",
            "serial": "12345678901",
            "desk_telephone": "0570-00-0000",
            "asks_for": "機器の型番とシリアル番号をお知らせください。",
        },
    }
    return DocumentIssued(occurred_at=NOW, **{**usual, **changes})


def files_in(folder: Path) -> dict[Path, bytes]:
    return {file: file.read_bytes() for file in folder.glob("*.eml")}


async def sent(intake: House, folder: Path) -> list[Any]:
    """Every mail that was asked for, sent twice by the outbox, as files of the folder."""
    runtime = intake.living.runtime
    carrier = Mailer(Composer(Known(runtime), runtime.vault).compose, Folder(folder), fold_of, domain="kippu.example")
    for asked in [each for each in await runtime.log.read(0) if isinstance(each.event, MailRequested)]:
        assert isinstance(await carrier.send(asked), Delivered)
        before = files_in(folder)
        await carrier.send(asked)
        assert before == files_in(folder)
    return [message_from_bytes(content, policy=default) for content in files_in(folder).values()]


@pytest.mark.clause("SVT-10")
async def test_the_notice_is_mailed_to_the_maintenance_contact(intake: House, tmp_path: Path) -> None:
    await intake.living.hear("entitlement", "contract-iij-O-1", issued())
    await intake.living.settle()
    [mail] = await sent(intake, tmp_path)
    assert mail["To"] == ONE
    assert mail["Subject"] == "契約 O-1 の登録が完了しました"
    assert "シリアル番号 12345678901" in mail.get_body().get_content()
    [file] = mail.iter_attachments()
    assert (file.get_filename(), file.get_content_type()) == ("O-1.registration_notice.pdf", "application/pdf")
    assert file.get_content().startswith(b"%PDF-")


@pytest.mark.parametrize(("kind", "clause"), [("service_ticket", "SVT-05"), ("label", "NEC-Q5")])
async def test_other_documents_are_too_and_nothing_where_nobody_is_named(
    intake: House, tmp_path: Path, kind: str, clause: str
) -> None:
    await intake.living.hear(
        "entitlement",
        "contract-iij-O-1",
        issued(contact_id=None),
        issued(kind=kind, clause=clause, document_id=f"O-1.{kind}", language="th"),
    )
    await intake.living.settle()
    [mail] = await sent(intake, tmp_path)
    assert clause in mail.get_body().get_content()
    assert [file.get_filename() for file in mail.iter_attachments()] == [f"O-1.{kind}.pdf"]
