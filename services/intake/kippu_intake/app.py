"""Intake, put together."""

from pathlib import Path

from fastapi.exceptions import RequestValidationError
from kippu_service.runtime import Runtime
from kippu_service.service import Service
from kippu_service.settings import Settings, SettingsWrong

from kippu_intake.api import mails, tickets
from kippu_intake.api.malformed import answer_malformed
from kippu_intake.known import Known
from kippu_intake.letters import AnswerSheets, MailInvoices, RemindBuyers, TellBooked, TellHolders, TellRefunds
from kippu_intake.mail.certificate import Certificate
from kippu_intake.mail.limits import Limits
from kippu_intake.mail.smtp import Listener
from kippu_intake.mail.take_in import TakeIn
from kippu_intake.outgoing import Composer, fold_of
from kippu_intake.reactors import AnswerDecision, AnswerShipment, AnswerShortfall, AnswerVisit, SendDocuments
from kippu_intake.readmodels.known import KnownContacts, KnownPlans
from kippu_intake.readmodels.mails import UnmatchedMails
from kippu_intake.readmodels.tickets import Tickets
from kippu_intake.sending import Folder, Mailer, Relay, Transport

MIGRATIONS = Path(__file__).parent / "migrations"


def build(runtime: Runtime) -> Service:
    known = Known(runtime)
    return Service(
        name="intake",
        migrations=MIGRATIONS,
        routers=(tickets.router, mails.router),
        projectors=(Tickets(), UnmatchedMails(), KnownContacts(runtime.vault, runtime.addresses), KnownPlans()),
        reactors=(
            AnswerDecision(),
            AnswerVisit(),
            AnswerShipment(),
            AnswerShortfall(),
            SendDocuments(),
            TellHolders(),
            TellBooked(),
            AnswerSheets(),
            RemindBuyers(),
            MailInvoices(),
            TellRefunds(),
        ),
        outbox=mailer(runtime, known),
        handlers={RequestValidationError: answer_malformed},
        tasks=(listener(runtime, known).run,),
    )


def listener(runtime: Runtime, known: Known, limits: Limits | None = None) -> Listener:
    """Mail in, at the settings' address."""
    settings, limits = runtime.settings, limits or Limits()
    certificate, key = settings.smtp_certificate_file, settings.smtp_key_file
    return Listener(
        TakeIn(runtime, known, limits),
        {entry.address: entry for entry in settings.mail_addresses},
        host=settings.smtp_host,
        port=settings.smtp_port,
        name=settings.mail_domain,
        limits=limits,
        tls=Certificate(certificate, key) if certificate and key else None,
    )


def mailer(runtime: Runtime, known: Known) -> Mailer:
    """Mail out: by the relay, or into the folder where there is none."""
    settings = runtime.settings
    senders = {entry.provider: entry.address for entry in reversed(settings.mail_addresses)}
    return Mailer(
        Composer(known, runtime.vault).compose,
        transport(settings),
        fold_of,
        domain=settings.mail_domain,
        senders=senders,
    )


def transport(settings: Settings) -> Transport:
    if settings.smtp_relay_host is None:
        return Folder(settings.mail_folder)
    return Relay(
        settings.smtp_relay_host,
        settings.smtp_relay_port,
        settings.smtp_relay_security,
        settings.smtp_relay_user,
        _relay_password(settings),
    )


def _relay_password(settings: Settings) -> str | None:
    """As the settings hold it, or the file that they name. Raises SettingsWrong."""
    file = settings.smtp_relay_password_file
    if file is None:
        return settings.smtp_relay_password.get_secret_value() if settings.smtp_relay_password else None
    try:
        return file.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsWrong(f"the relay's password in {file} cannot be read: {error}") from error
