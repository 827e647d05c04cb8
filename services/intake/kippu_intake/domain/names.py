"""Natural keys: how a request, a mail and what belongs to them are numbered."""

import re

TICKET_NUMBER = re.compile(
    r"(?<![0-9A-Z])KP-([0-9A-HJKMNP-TV-Z]{4})-([0-9A-HJKMNP-TV-Z]{4})(?![0-9A-Z])", re.IGNORECASE
)
"""`KP-XXXX-XXXX` in Crockford's base 32, wherever it stands in a text; people type it in any case."""

MAIL_ID_LENGTH = 32


def ticket_number(code: str) -> str:
    """The ticket number of a code of 8 characters, such as `KP-7Q2M-04XN`."""
    return f"KP-{code[:4]}-{code[4:]}"


def ticket_numbers_in(*texts: str) -> tuple[str, ...]:
    """Every ticket number that the texts name, in order, each once."""
    found = (match for text in texts for match in TICKET_NUMBER.finditer(text))
    return tuple(dict.fromkeys(f"KP-{match[1]}-{match[2]}".upper() for match in found))


def ticket_stream(provider: str, ticket_no: str) -> str:
    return f"ticket-{provider}-{ticket_no}"


def mail_stream(provider: str, mail_id: str) -> str:
    return f"mail-{provider}-{mail_id}"


def contact_subject(provider: str, contact_id: str) -> str:
    """Under whose key a contact's personal data is sealed."""
    return f"contact-{provider}-{contact_id}"


def mail_subject(provider: str, mail_id: str) -> str:
    """Under which key a mail is sealed whose sender is nobody we know."""
    return f"mail-{provider}-{mail_id}"
