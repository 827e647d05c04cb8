"""Where a service is given as it stands, and where it takes consultation: remote islands, and areas that are not named.

What ships goes to the place that the request names, if it names one. What came of the consultation is on record with
the contract that was sold for the area, or as an approval.
"""

from collections.abc import Iterable, Mapping
from typing import ClassVar, Literal

from kippu_terms.fulfilment import Service
from kippu_terms.rules.base import Case, Rule, Verdict, not_known, rule_kind
from kippu_terms.value import Name


@rule_kind
class ServedArea(Rule):
    kind: Literal["served_area"] = "served_area"
    blanks: ClassVar[frozenset[str]] = frozenset({"service", "area", "areas"})
    quoted: Name | None = None
    """Speaks on this service alone: where it was bought, and before that is quoted, where no other is given."""

    def judge(self, case: Case) -> Verdict:
        service, asset = self._service(case), case.asset
        if service is None or asset is None:
            return Verdict("not_applicable")
        contract = case.given.contract if case.given else None
        agreed = case.request.approval == "granted" or (contract is not None and contract.area_agreed)
        named = service.way in ("exchange", "repair") and case.request.ship_to == "named_place"
        on_island = case.request.ship_to_island if named else asset.remote_island
        inputs = {
            "service": service.id,
            "area": asset.area,
            "remote_island": on_island,
            "areas": None if service.areas is None else sorted(service.areas),
            "agreed": agreed,
        }
        if service.areas is not None and asset.area is None:
            return not_known(inputs, "asset.area")
        if named and service.consult_on_islands and on_island is None:
            return not_known(inputs, "request.ship_to_island")
        island = service.consult_on_islands and on_island is True
        if service.serves(asset.area) and not island:
            return Verdict("satisfied", inputs)
        if agreed:
            return Verdict("satisfied", inputs)
        return Verdict("refused" if case.request.approval == "refused" else "consult", inputs)

    def _service(self, case: Case) -> Service | None:
        given = case.given.service if case.given else None
        if self.quoted is None:
            return given
        service = case.plan.fulfilment.service(self.quoted)
        return service if given in (None, service) else None

    def names_services(self) -> Mapping[str, Iterable[str]]:
        return {"quoted": [self.quoted] if self.quoted else []}
