"""Where a renewal is asked for: by the members' form while the member ID is valid, after that by the contact form.

After that it is a rejoining. Either is quoted. Who never had a member ID has nothing to renew.
"""

from typing import Literal

from kippu_terms.rules.base import Case, Category, Rule, Verdict, rule_kind


@rule_kind
class RenewalForm(Rule):
    kind: Literal["renewal_form"] = "renewal_form"

    def settled(self, scope: frozenset[Category]) -> frozenset[Category]:
        return scope

    def judge(self, case: Case) -> Verdict:
        held = case.facts.customer.member_id if case.facts.customer else None
        if held is None:
            return Verdict("waiting", {"member_id": None}, waiting_for="classification")
        if held == "none":
            return Verdict("refused", {"member_id": held})
        renewal, form = ("continuing", "members_form") if held == "valid" else ("rejoining", "contact_form")
        return Verdict("quote", {"member_id": held, "renewal": renewal, "form": form})
