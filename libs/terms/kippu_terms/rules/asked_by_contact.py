"""Answers are for the contact person on record only; anybody else of the customer is refused."""

from typing import ClassVar, Literal

from kippu_terms.rules.base import Case, Rule, Verdict, not_known, rule_kind


@rule_kind
class AskedByContact(Rule):
    kind: Literal["asked_by_contact"] = "asked_by_contact"
    blanks: ClassVar[frozenset[str]] = frozenset({"asked_by"})

    def judge(self, case: Case) -> Verdict:
        asked_by = case.request.asked_by
        inputs = {"asked_by": asked_by}
        if asked_by is None:
            return not_known(inputs, "request.asked_by")
        return Verdict("satisfied" if asked_by == "contact" else "refused", inputs)
