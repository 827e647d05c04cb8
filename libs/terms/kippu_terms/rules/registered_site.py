"""Engineers go to the registered site. Another site takes a change of the registration first."""

from typing import ClassVar, Literal

from kippu_terms.rules.base import Case, Rule, Verdict, rule_kind


@rule_kind
class RegisteredSite(Rule):
    kind: Literal["registered_site"] = "registered_site"
    blanks: ClassVar[frozenset[str]] = frozenset({"service", "visit_site"})

    def judge(self, case: Case) -> Verdict:
        if case.given is None:
            return Verdict("not_applicable")
        site = case.request.visit_site
        inputs = {"service": case.given.service.id, "visit_site": site or "registered"}
        return Verdict("refused" if site == "other" else "satisfied", inputs)
