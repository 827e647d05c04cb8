"""Remote work needs the customer's server to reach the internet. It is taken to, until somebody says otherwise."""

from typing import ClassVar, Literal

from kippu_terms.rules.base import Case, Rule, Verdict, rule_kind


@rule_kind
class ServerOnline(Rule):
    kind: Literal["server_online"] = "server_online"
    blanks: ClassVar[frozenset[str]] = frozenset({"internet"})

    def judge(self, case: Case) -> Verdict:
        internet = case.request.internet
        return Verdict("refused" if internet is False else "satisfied", {"internet": internet})
