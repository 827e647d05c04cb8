"""With disks from somebody else in it, a device may not be covered even under contract: a person decides."""

from typing import ClassVar, Literal

from kippu_terms.rules.base import Case, Rule, Verdict, rule_kind


@rule_kind
class ForeignDisks(Rule):
    kind: Literal["foreign_disks"] = "foreign_disks"
    blanks: ClassVar[frozenset[str]] = frozenset({"disks_from", "approval"})

    def judge(self, case: Case) -> Verdict:
        disks_from = case.asset.disks_from if case.asset else None
        inputs = {"disks_from": disks_from, "approval": case.request.approval}
        if disks_from != "elsewhere":
            return Verdict("satisfied" if disks_from else "not_applicable", inputs)
        if case.request.approval is None:
            return Verdict("consult", inputs)
        return Verdict("satisfied" if case.request.approval == "granted" else "refused", inputs)
