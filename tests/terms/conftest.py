"""The terms of each family, and a covered request under each; a scenario says what is different in its case."""

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from kippu_terms.coverage import Decision, decide_coverage
from kippu_terms.facts import AssetFacts, ContractFacts, CustomerFacts, Facts, RequestFacts
from kippu_terms.loading import load
from kippu_terms.orders.deciding import OrderDecision, decide_order
from kippu_terms.orders.facts import OrderFacts
from kippu_terms.plan import Plan

Decide = Callable[..., Decision]


@pytest.fixture(scope="session")
def iij_se() -> Plan:
    return load((Path(__file__).parents[2] / "plans" / "iij-se.toml").read_text())


@pytest.fixture(scope="session")
def bangkok(iij_se: Plan) -> Callable[..., datetime]:
    """An instant by the wall clock in Bangkok: `bangkok(2026, 11, 18, 10, 30)`."""
    return lambda *parts: datetime(*parts, tzinfo=iij_se.zone)


@pytest.fixture(scope="session")
def decide(iij_se: Plan, bangkok: Callable[..., datetime]) -> Decide:
    """Decides about a fault, received on Wednesday 18 November 2026 at 10:00, of a device in order in every way.

    Keywords change the request or the asset; `asset=None` means that nobody said which device it is,
    and `plan` decides by other terms.
    """
    usual_request: dict[str, Any] = {
        "received_at": bangkok(2026, 11, 18, 10),
        "channel": "portal",
        "category": "fault",
    }
    usual_asset: dict[str, Any] = {
        "serial": "device-1",
        "registered": True,
        "kind": "equipment",
        "model": "router",
        "bought_from_provider": True,
        "bought_on": date(2025, 1, 10),
        "warranty_until": date(2028, 1, 9),
        "installed_by": "provider",
    }

    def decision(**changes: Any) -> Decision:
        request = {key: value for key, value in changes.items() if key in RequestFacts.model_fields}
        asset = {key: value for key, value in changes.items() if key in AssetFacts.model_fields}
        known = changes.get("asset", ...) is not None
        facts = Facts(
            provider="iij",
            request=RequestFacts(**{**usual_request, **request}),
            asset=AssetFacts(**{**usual_asset, **asset}) if known else None,
        )
        return decide_coverage(changes.get("plan", iij_se), facts)

    return decision


@pytest.fixture(scope="session")
def reworded(iij_se: Plan) -> Callable[..., Plan]:
    """The terms with one thing changed; `version` is also its date of effect."""

    def plan(old: str, new: str, *, version: str = "2026-12-01") -> Plan:
        assert old in iij_se.source
        text = iij_se.source.replace(old, new, 1)
        text = text.replace('version = "2025-04-01"', f'version = "{version}"')
        return load(text.replace("effective_from = 2025-04-01", f"effective_from = {version}"))

    return plan


@pytest.fixture(scope="session")
def cwc() -> Plan:
    return load((Path(__file__).parents[2] / "plans" / "cwc.toml").read_text())


@pytest.fixture(scope="session")
def support(cwc: Plan) -> Decide:
    """Decides about a question by mail on basic settings, received on Monday 16 November 2026 at 10:00 in Tokyo.

    The contact who bought asks it, with a valid member ID and incident number. Keywords change the request or the
    customer; `customer=None` means that nothing is on record of it.
    """
    usual_request: dict[str, Any] = {
        "received_at": datetime(2026, 11, 16, 10, tzinfo=cwc.zone),
        "channel": "mail",
        "category": "mail_support",
        "topic": "basic_settings",
        "asked_by": "contact",
    }
    usual_customer: dict[str, Any] = {"bought_licence": True, "member_id": "valid", "incident_member": "valid"}

    def decision(**changes: Any) -> Decision:
        unknown = set(changes) - {*RequestFacts.model_fields, *CustomerFacts.model_fields}
        assert unknown <= {"customer"}, unknown
        request = {key: value for key, value in changes.items() if key in RequestFacts.model_fields}
        customer = {key: value for key, value in changes.items() if key in CustomerFacts.model_fields}
        known = changes.get("customer", ...) is not None
        facts = Facts(
            provider="cwc",
            request=RequestFacts(**{**usual_request, **request}),
            customer=CustomerFacts(**{**usual_customer, **customer}) if known else None,
        )
        return decide_coverage(cwc, facts)

    return decision


@pytest.fixture(scope="session")
def qnp() -> Plan:
    return load((Path(__file__).parents[2] / "plans" / "qnp.toml").read_text())


@pytest.fixture(scope="session")
def tokyo(qnp: Plan) -> Callable[..., datetime]:
    """An instant by the wall clock in Tokyo: `tokyo(2026, 5, 1, 16)`."""
    return lambda *parts: datetime(*parts, tzinfo=qnp.zone)


@pytest.fixture(scope="session")
def ask(qnp: Plan, tokyo: Callable[..., datetime]) -> Decide:
    """Decides about failed hardware, reported on Friday 1 May 2026 at 10:00 under a contract for advance send-back.

    Keywords change the request, the asset or the contract; `contracts=()` means that there is none, `asset=None` that
    nobody said which device it is, and `plan` decides by other terms.
    """
    usual_request: dict[str, Any] = {"received_at": tokyo(2026, 5, 1, 10), "channel": "mail", "category": "fault"}
    usual_asset: dict[str, Any] = {
        "serial": "unit-1",
        "registered": True,
        "kind": "equipment",
        "bought_from_provider": True,
        "warranty_until": date(2026, 5, 1),
        "disks_from": "provider",
        "area": "tokyo",
        "remote_island": False,
    }
    usual_contract: dict[str, Any] = {
        "contract_id": "contract-1",
        "product": "advance-send-back",
        "valid_from": date(2026, 1, 1),
        "valid_until": date(2026, 12, 31),
    }

    def decision(**changes: Any) -> Decision:
        unknown = set(changes) - {*RequestFacts.model_fields, *AssetFacts.model_fields, *ContractFacts.model_fields}
        assert unknown <= {"plan", "asset", "contracts"}, unknown
        request, asset, contract = (
            {**usual, **{key: value for key, value in changes.items() if key in model.model_fields}}
            for model, usual in (
                (RequestFacts, usual_request),
                (AssetFacts, usual_asset),
                (ContractFacts, usual_contract),
            )
        )
        facts = Facts(
            provider="qnp",
            request=RequestFacts(**request),
            asset=AssetFacts(**asset) if changes.get("asset", ...) is not None else None,
            contracts=changes.get("contracts", (ContractFacts(**contract),)),
        )
        return decide_coverage(changes.get("plan", qnp), facts)

    return decision


@pytest.fixture(scope="session")
def order_qnp(qnp: Plan) -> Callable[..., OrderDecision]:
    """Decides about an order of Friday 1 May 2026: `order_qnp("onsite-24h", asset={"area": "tokyo"})`."""

    def decision(product: str, **facts: Any) -> OrderDecision:
        usual = {"provider": "qnp", "product": product, "ordered_on": date(2026, 5, 1)}
        return decide_order(qnp, OrderFacts.model_validate({**usual, **facts}))

    return decision


@pytest.fixture(scope="session")
def qnp_with(qnp: Plan) -> Callable[..., Plan]:
    """The terms of QNP with one thing changed."""

    def plan(old: str, new: str) -> Plan:
        assert old in qnp.source
        return load(qnp.source.replace(old, new, 1))

    return plan


@pytest.fixture(scope="session")
def nec() -> Plan:
    return load((Path(__file__).parents[2] / "plans" / "nec-esp.toml").read_text())


@pytest.fixture(scope="session")
def ask_nec(nec: Plan, tokyo: Callable[..., datetime]) -> Decide:
    """Decides about the fault of a server bought on 10 January 2026, reported on Friday 20 November 2026 at 10:00 under
    a registered 5-day pack.

    Keywords change the request, the asset or the contract; `contracts=()` means that there is none.
    """
    usual_request: dict[str, Any] = {
        "received_at": tokyo(2026, 11, 20, 10),
        "channel": "telephone",
        "category": "fault",
    }
    usual_asset: dict[str, Any] = {
        "serial": "server-1",
        "registered": True,
        "kind": "equipment",
        "bought_from_provider": True,
        "bought_on": date(2026, 1, 10),
        "warranty_until": date(2027, 1, 9),
    }
    usual_contract: dict[str, Any] = {
        "contract_id": "contract-1",
        "product": "g2-5day-3y",
        "valid_from": date(2026, 1, 10),
        "valid_until": date(2029, 1, 9),
        "registered_at": tokyo(2026, 2, 2, 9),
    }

    def decision(**changes: Any) -> Decision:
        models = (RequestFacts, usual_request), (AssetFacts, usual_asset), (ContractFacts, usual_contract)
        unknown = {name for name in changes if not any(name in model.model_fields for model, _ in models)}
        assert unknown <= {"contracts"}, unknown
        request, asset, contract = (
            model.model_validate(usual | {name: value for name, value in changes.items() if name in model.model_fields})
            for model, usual in models
        )
        contracts = changes.get("contracts", (contract,))
        facts = Facts.model_validate({"provider": "nec", "request": request, "asset": asset, "contracts": contracts})
        return decide_coverage(nec, facts)

    return decision


@pytest.fixture(scope="session")
def svt() -> Plan:
    return load((Path(__file__).parents[2] / "plans" / "svt.toml").read_text())


@pytest.fixture(scope="session")
def svt_with(svt: Plan) -> Callable[..., Plan]:
    """The terms of SVT with one thing changed."""

    def plan(old: str, new: str) -> Plan:
        assert old in svt.source
        return load(svt.source.replace(old, new, 1))

    return plan


@pytest.fixture(scope="session")
def report(svt: Plan, tokyo: Callable[..., datetime]) -> Decide:
    """Decides about a switch that failed, isolated and reported on Monday 1 June 2026 at 10:00 under a registered
    service ticket for a year of advance send-back.

    Keywords change the request, the asset or the contract; `contracts=()` means that there is none, `asset=None` that
    nobody said which device it is, and `plan` decides by other terms.
    """
    usual_request: dict[str, Any] = {
        "received_at": tokyo(2026, 6, 1, 10),
        "isolated_at": tokyo(2026, 6, 1, 9),
        "channel": "mail",
        "category": "fault",
    }
    usual_asset: dict[str, Any] = {
        "serial": "10000000001",
        "registered": True,
        "kind": "equipment",
        "model": "M24ePWR",
        "remote_island": False,
        "height_cm": 120,
    }
    usual_contract: dict[str, Any] = {
        "contract_id": "contract-1",
        "product": "advance-1y",
        "valid_from": date(2026, 1, 10),
        "valid_until": date(2027, 1, 9),
        "registered_at": tokyo(2026, 2, 1, 12),
        "status": "active",
    }

    def decision(**changes: Any) -> Decision:
        unknown = set(changes) - {*RequestFacts.model_fields, *AssetFacts.model_fields, *ContractFacts.model_fields}
        assert unknown <= {"plan", "asset", "contracts"}, unknown
        request, asset, contract = (
            {**usual, **{key: value for key, value in changes.items() if key in model.model_fields}}
            for model, usual in (
                (RequestFacts, usual_request),
                (AssetFacts, usual_asset),
                (ContractFacts, usual_contract),
            )
        )
        facts = Facts(
            provider="svt",
            request=RequestFacts(**request),
            asset=AssetFacts(**asset) if changes.get("asset", ...) is not None else None,
            contracts=changes.get("contracts", (ContractFacts(**contract),)),
        )
        return decide_coverage(changes.get("plan", svt), facts)

    return decision


@pytest.fixture(scope="session")
def order_nec(nec: Plan) -> Callable[..., OrderDecision]:
    """Decides about an order of Friday 20 November 2026 for a server bought on 10 January 2026 that has no pack.

    `held` are contracts by product, with their first and last day: registered, unless a third value says otherwise.
    """

    def contract(product: str, first: date, last: date, *, registered: bool = True) -> dict[str, Any]:
        days = {"valid_from": first, "valid_until": last}
        return {"contract_id": f"contract-{product}", "product": product, "registered": registered, **days}

    def decision(product: str, **facts: Any) -> OrderDecision:
        usual = {
            "provider": "nec",
            "product": product,
            "ordered_on": date(2026, 11, 20),
            "asset": {"serial": "server-1", "bought_on": date(2026, 1, 10), "warranty_until": date(2027, 1, 9)},
        }
        held = facts.pop("held", {})
        held = [contract(name, days[0], days[1], registered=(*days, True)[2]) for name, days in held.items()]
        return decide_order(nec, OrderFacts.model_validate({**usual, "held": held, **facts}))

    return decision


@pytest.fixture(scope="session")
def nec_with(nec: Plan) -> Callable[..., Plan]:
    """The terms of NEC-ESP with one thing changed."""

    def plan(old: str, new: str) -> Plan:
        assert old in nec.source
        return load(nec.source.replace(old, new, 1))

    return plan


@pytest.fixture(scope="session")
def order_svt(svt: Plan) -> Callable[..., OrderDecision]:
    """Decides about an order of Sunday 10 May 2026, for a device bought that day: `order_svt("advance-3y")`."""

    def decision(product: str, **facts: Any) -> OrderDecision:
        usual = {
            "provider": "svt",
            "product": product,
            "ordered_on": date(2026, 5, 10),
            "asset": {"bought_on": date(2026, 5, 10)},
        }
        return decide_order(svt, OrderFacts.model_validate({**usual, **facts}))

    return decision
