"""An option of some services: a failed part of some kinds is handed over to the customer, who owns it from then on."""

from collections.abc import Iterable, Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from kippu_terms.rules.base import Case, Rule, Verdict, rule_kind
from kippu_terms.value import Name


@rule_kind
class RetainedPart(Rule):
    kind: Literal["retained_part"] = "retained_part"
    blanks: ClassVar[frozenset[str]] = frozenset({"service", "part", "parts"})
    option: Name
    parts: Annotated[frozenset[Name], Field(min_length=1)]
    on_services: Annotated[frozenset[Name], Field(min_length=1)]

    def judge(self, case: Case) -> Verdict:
        if case.given is None:
            return Verdict("not_applicable")
        service, contract, part = case.given.service.id, case.given.contract, case.request.part
        offered = service in self.on_services
        bought = contract is not None and self.option in contract.options
        asked = case.request.keep_part
        inputs = {"service": service, "option": bought, "part": part, "parts": sorted(self.parts), "asked": asked}
        if offered and bought and part in self.parts:
            return Verdict("satisfied", inputs, failed_part="handed_over")
        if not asked:
            return Verdict("not_applicable", inputs)
        if offered and bought and part is None:
            return Verdict("waiting", inputs, waiting_for="classification")
        return Verdict("refused", inputs)

    def names_services(self) -> Mapping[str, Iterable[str]]:
        return {"on_services": self.on_services}

    def names_products(self) -> Mapping[str, Iterable[str]]:
        return {"option": [self.option]}
