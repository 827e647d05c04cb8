"""Where a renewal is asked for: by the members' form while the member ID is valid, after that by the contact form.

After that it is a rejoining. Either is quoted. Who never had a member ID has nothing to renew.
"""

from typing import ClassVar, Literal

from kippu_terms.rules.base import Case, Category, RemedyText, Rule, Verdict, not_known, rule_kind

NOTHING_TO_RENEW = RemedyText(
    action="buy_licence",
    text={
        "en": "No licence is on record that could be renewed: buy one, with its maintenance.",
        "ja": "更新できるライセンスの登録がありません。ライセンスを保守とともにご購入ください。",
        "th": "ไม่มีไลเซนส์ที่ต่ออายุได้ในระบบ โปรดซื้อไลเซนส์พร้อมการบำรุงรักษา",
    },
)


@rule_kind
class RenewalForm(Rule):
    kind: Literal["renewal_form"] = "renewal_form"
    blanks: ClassVar[frozenset[str]] = frozenset({"member_id", "renewal", "form"})

    def settled(self, scope: frozenset[Category]) -> frozenset[Category]:
        return scope

    def judge(self, case: Case) -> Verdict:
        held = case.facts.customer.member_id if case.facts.customer else None
        if held is None:
            return not_known({"member_id": None}, "customer.member_id")
        if held == "none":
            return Verdict("refused", {"member_id": held}, remedy=NOTHING_TO_RENEW)
        renewal, form = ("continuing", "members_form") if held == "valid" else ("rejoining", "contact_form")
        return Verdict("quote", {"member_id": held, "renewal": renewal, "form": form})
