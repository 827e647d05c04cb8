"""Registering a contract: what has to be stated, how it is read, and what a renewal takes over. Pure.

Full-width digits and letters are made plain (NFKC) before anything is looked at, and every fault is named at once.
"""

import re
import unicodedata
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from kippu_terms.refusal import Fault
from kippu_terms.value import ClauseId, Flag, Integer, Obeyed, Text, Value

SERIAL = re.compile(r"[0-9A-Z][0-9A-Z._/+-]{0,63}")
"""A serial number as the register takes it, once it is normalised."""
SERIAL_IN_WORDS = "1 to 64 letters, digits and . _ / + -"


def normalised(serial: str) -> str:
    """A serial number as it is compared: full-width letters and digits made plain (NFKC), in capitals, no blanks."""
    return "".join(unicodedata.normalize("NFKC", serial).upper().split())


class SerialForm(Value):
    """How many digits a serial number has."""

    digits: Annotated[Integer, Field(ge=1, le=64)]
    models: frozenset[str] = frozenset()
    """Of these models; without any, of every model that no earlier form names."""

    def is_of(self, model: str) -> bool:
        return not self.models or normalised(model) in {normalised(each) for each in self.models}


class RegistrationFile(Obeyed):
    """Registrations are taken by spreadsheet: by upload, and by mail where the terms say how such a mail is known."""

    subject_marks: tuple[Annotated[str, StringConstraints(min_length=3, max_length=40)], ...] = ()
    """What stands in the subject of a mail that brings sheets to be registered, any one of them; the case and the width
    of letters do not matter. Without any, sheets are not taken by mail."""

    def is_named_in(self, subject: str) -> bool:
        """True if a mail of this subject, or an answer to one, brings registrations."""
        return any(_plain(mark) in _plain(subject) for mark in self.subject_marks)


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


class RegistrationTerms(Value):
    """What a registration takes. Serial number, model, contact and site always; consent where the terms ask for it."""

    clause: ClauseId
    consent: Flag = True
    serials: tuple[SerialForm, ...] = ()
    """The first form that is of the model counts; without any, every serial number is taken."""
    carry_over: Obeyed | None = None
    """A renewal states only what changed; without it, everything anew."""
    file: RegistrationFile | None = None
    """Registrations are taken by spreadsheet, too."""

    def form_of(self, model: str) -> SerialForm | None:
        return next((form for form in self.serials if form.is_of(model)), None)


class Desk(Value):
    """Whom a fault is reported to."""

    telephone: Annotated[str, StringConstraints(min_length=1, max_length=40)]
    mail: Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+$", max_length=254)]


class DocumentTerms(Value):
    """A document that is made of a contract, as PDF."""

    kind: Literal["service_ticket", "registration_notice", "label"]
    clause: ClauseId
    made_when: Literal["dated", "registered"]
    """`dated`: as soon as its first and last day are known."""
    desk: Desk | None = None
    asks_for: Text = Field(default_factory=dict)
    """What to state when reporting a fault, by language."""


class Stated(Value):
    """What a registration states; None is what it does not. Whom and where stand for themselves: who reads this needs
    no name and no address."""

    consent: bool = False
    serial: str | None = None
    model: str | None = None
    contact_id: str | None = None
    has_site: bool = False


def carried_over(terms: RegistrationTerms, stated: Stated, renewed: Stated | None) -> tuple[Stated, frozenset[str]]:
    """The statement with what it leaves out taken from the contract that is renewed, and the names of what was taken.

    The device is one thing: serial and model are taken together. Consent is never taken over.
    """
    if renewed is None or terms.carry_over is None:
        return stated, frozenset()
    taken: dict[str, object] = {}
    if stated.serial is None and stated.model is None and renewed.serial is not None:
        taken |= {"serial": renewed.serial, "model": renewed.model}
    if stated.contact_id is None and renewed.contact_id is not None:
        taken["contact_id"] = renewed.contact_id
    if not stated.has_site and renewed.has_site:
        taken["has_site"] = True
    return stated.model_copy(update=taken), frozenset(taken)


def faults_of(terms: RegistrationTerms, stated: Stated) -> tuple[Fault, ...]:
    """Everything that is missing or malformed, each with the clause; empty if the registration is complete."""
    faults = [
        Fault("missing", f"{what} is missing", field, terms.clause)
        for field, what, given in (
            ("consent", "consent to the terms", stated.consent or not terms.consent),
            ("serial", "the serial number of the device", stated.serial),
            ("model", "the model of the device", stated.model),
            ("contact_id", "the maintenance contact", stated.contact_id),
            ("site", "the installation site", stated.has_site),
        )
        if not given
    ]
    if stated.serial and stated.model:
        faults += malformed(terms, stated.serial, stated.model)
    return tuple(faults)


def malformed(terms: RegistrationTerms, serial: str, model: str) -> tuple[Fault, ...]:
    """The fault of a serial number that has not the form of the model's; empty if it has."""
    form = terms.form_of(model)
    if form is None or re.fullmatch(rf"[0-9]{{{form.digits}}}", normalised(serial)):
        return ()
    message = f"the serial number of a {model} has {form.digits} digits: {serial!r}"
    return (Fault("malformed", message, "serial", terms.clause),)
