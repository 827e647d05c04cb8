"""Remote islands are excluded: as the place to which a replacement ships, or as the site to which an engineer goes.

A replacement ships to the place that the request names; where none is named, to the registered site.
"""

from typing import ClassVar, Literal

from kippu_terms.rules.base import Case, Rule, Verdict, rule_kind


@rule_kind
class RemoteIsland(Rule):
    kind: Literal["remote_island"] = "remote_island"
    blanks: ClassVar[frozenset[str]] = frozenset({"service", "place"})
    place: Literal["shipping", "site"]

    def judge(self, case: Case) -> Verdict:
        if case.given is None or case.asset is None:
            return Verdict("not_applicable")
        named = self.place == "shipping" and case.request.ship_to == "named_place"
        island = case.request.ship_to_island if named else case.asset.remote_island
        inputs = {
            "service": case.given.service.id,
            "place": "named_place" if named else "registered_site",
            "remote_island": island,
        }
        if named and island is None:
            return Verdict("waiting", inputs, waiting_for="classification")
        return Verdict("refused" if island else "satisfied", inputs)
