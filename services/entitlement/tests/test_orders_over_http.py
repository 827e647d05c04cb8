"""Orders over HTTP: asked about before, refused with every broken rule, sold as contracts that end by themselves."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from kippu_entitlement.deadlines import DEADLINES
from kippu_entitlement.domain.plan import Plans, PlanVersion
from kippu_entitlement.order_preview import EXAMPLES, OrderPreviewInput, preview
from kippu_entitlement.testing.desk import ASSET_BODY, CUSTOMER_BODY, Desk
from kippu_events.deadline_runner import DeadlineRunner
from kippu_terms.loading import load

PLANS = {
    plan.family: plan for plan in map(load, map(Path.read_text, (Path(__file__).parents[3] / "plans").glob("*.toml")))
}
PACK = {"customer_id": "customer-1", "plan_family": "nec-esp", "product": "g2-5day-3y", "asset_serial": "device-１"}
ONSITE = {"customer_id": "customer-1", "plan_family": "qnp", "product": "onsite-weekday", "asset_serial": "DEVICE-1"}


def asked(example: Any) -> Any:
    wanted = OrderPreviewInput.model_validate(example)
    plan = PLANS[wanted.plan_family]
    published = Plans((PlanVersion(plan.version, plan.effective_from, plan.digest, plan.source),))
    return preview(published, plan.provider, wanted)


def faults(answer: Any) -> list[tuple[str, str | None]]:
    return [(error["code"], error.get("clause")) for error in answer.json()["errors"]]


@pytest.mark.parametrize(
    ("family", "outcome", "clause", "total"),
    [
        ("iij-se", "accepted", "IIJ-07", 3_852_000),
        ("svt", "refused", "SVT-02", None),
        ("qnp", "accepted", "QNP-08", 132_000),
        ("nec-esp", "refused", "NEC-Q7", None),
        ("cwc", "accepted", "CWC-01", None),
    ],
)
def test_the_documents_example_of_each_family_is_answered_as_its_terms_say(
    family: str, outcome: str, clause: str, total: int | None
) -> None:
    (example,) = [each for each in EXAMPLES if isinstance(each, dict) and each["plan_family"] == family]
    shown = asked(example)
    assert (shown.outcome, shown.deciding_clause.id) == (outcome, clause)
    assert (shown.price is None) == (outcome == "refused")
    if total is not None:
        assert shown.totals.total == total


async def test_a_preview_answers_over_http_with_period_price_and_tax_and_changes_nothing(nec_desk: Desk) -> None:
    await nec_desk.settle()
    before = (await nec_desk.runtime.log.head()).position
    body = {"plan_family": "nec-esp", "product": "g2-5day-3y", "ordered_on": "2026-11-20"}
    async with nec_desk.partner() as partner:
        answer = await partner.post("/v1/orders/preview", json=body | {"asset": {"bought_on": "2026-01-10"}})
        unknown = await partner.post(
            "/v1/orders/preview", json=body | {"product": "g3", "together": [{"product": "g4"}]}
        )
        early = await partner.post("/v1/orders/preview", json=body | {"ordered_on": "2025-12-31"})
        surprise = await partner.post("/v1/orders/preview", json=body | {"provider": "iij"})
    shown = answer.json()
    (line,) = shown["lines"]
    assert line["period"] == {"valid_from": "2026-01-10", "valid_until": "2029-01-09", "clause": "NEC-Q1"}
    assert shown["totals"] == {
        "net": 90_000,
        "taxes": [{"rate_permyriad": 1000, "net": 90_000, "tax": 9_000}],
        "total": 99_000,
    }
    assert {finding["clause"] for finding in line["findings"]} >= {"NEC-Q1", "NEC-Q6", "NEC-Q14"}
    assert shown["deciding_clause"]["text"]["en"].startswith("The 5-day products")
    assert [(error["field"], error["code"]) for error in unknown.json()["errors"]] == [
        ("product", "unknown_product"),
        ("together.0.product", "unknown_product"),
    ]
    assert (early.status_code, surprise.status_code) == (422, 422)
    assert (await nec_desk.runtime.log.head()).position == before


async def test_every_broken_rule_is_named_at_once_and_nothing_is_recorded(nec_desk: Desk) -> None:
    before = (await nec_desk.runtime.log.head()).position
    wrong = PACK | {"product": "esp-5day-3y", "reason": "transfer", "quantity": 3}
    async with nec_desk.partner() as partner:
        answer = await partner.post("/v1/orders", json=wrong)
        not_theirs = await partner.post(
            "/v1/orders", json=PACK | {"agreed": True, "device": {"bought_on": "2026-01-10"}}
        )
        to_come = await partner.post("/v1/orders", json=PACK | {"failed_at": "2099-01-01T00:00:00Z"})
        malformed = await partner.post(
            "/v1/orders", json=PACK | {"product": "0001", "wanted_delivery_on": "2026-02-30"}
        )
    assert [error["field"] for error in malformed.json()["errors"]] == ["product", "wanted_delivery_on"]
    assert answer.status_code == 422
    assert faults(answer) == [
        ("quantity", "NEC-Q17"),
        ("one_per_device", "NEC-Q17"),
        ("not_offered", "NEC-Q9"),
        ("consultation", "NEC-Q17"),
    ]
    assert [code for code, _ in faults(not_theirs)] == ["staff_only", "device_is_registered"]
    assert [(error["field"], error["code"]) for error in to_come.json()["errors"]] == [("failed_at", "in_future")]
    assert (await nec_desk.runtime.log.head()).position == before


async def test_a_contract_is_sold_shown_and_ends_at_the_local_midnight(nec_desk: Desk) -> None:
    async with nec_desk.partner() as partner, nec_desk.partner("customer-2") as other:
        order = (await partner.post("/v1/orders", json=PACK)).json()
        await nec_desk.settle()
        assert order["contracts"] == [order["order_id"]]
        path = f"/v1/contracts/{order['order_id']}"
        shown = (await partner.get(path)).json()
        (listed,) = (await partner.get("/v1/contracts?serial=DEVICE-1")).json()["items"]
        assert shown == listed | {"site": None}
        assert (shown["status"], shown["valid_until"], shown["product"]) == ("sold", "2028-04-30", "g2-5day-3y")
        assert (await other.get(path)).status_code == 404
        assert (await other.get("/v1/contracts")).json()["items"] == []
        deadlines = DeadlineRunner("entitlement", DEADLINES, nec_desk.runtime.worker, nec_desk.runtime.connect_writer)
        clock: Any = nec_desk.runtime.clock
        midnight = datetime(2028, 4, 30, 15, tzinfo=UTC)
        for at, status in ((midnight - timedelta(seconds=1), "sold"), (midnight, "ended")):
            clock.move_to(at)
            await deadlines.run_due()
            await nec_desk.settle()
            shown = (await partner.get(path)).json()
            assert shown["status"] == status
        assert shown["ended_on"] == "2028-04-30"


async def test_an_on_site_contract_with_its_option_covers_the_device_from_its_order(qnp_desk: Desk) -> None:
    together = {"together": [{"product": "non-return-disk"}, {"product": "technical-tickets-5", "quantity": 2}]}
    async with qnp_desk.staff() as staff, qnp_desk.partner() as partner:
        asset = ASSET_BODY | {"plan_family": "qnp"}
        (await staff.post("/v1/assets", json=asset | {"area": "sapporo"})).raise_for_status()
        consult = await partner.post("/v1/orders", json=ONSITE | together)
        assert faults(consult) == [("area", "QNP-08")]
        (await staff.post("/v1/assets", json=asset | {"area": "tokyo"})).raise_for_status()
        order = (await partner.post("/v1/orders", json=ONSITE | together)).json()
        await qnp_desk.settle()
        shown = (await partner.get(f"/v1/contracts/{order['order_id']}")).json()
        device = (await partner.get("/v1/assets/DEVICE-1")).json()
        placed = (await partner.get(f"/v1/orders/{order['order_id']}")).json()
    assert (shown["status"], shown["options"]) == ("active", ["non-return-disk"])
    assert [(each["product"], each["options"]) for each in device["contracts"]] == [
        ("onsite-weekday", ["non-return-disk"])
    ]
    assert [line["product"] for line in order["price"]["lines"]] == [
        "onsite-weekday",
        "non-return-disk",
        "technical-tickets-5",
    ]
    assert [(line["product"], line["tickets"]) for line in placed["together"]] == [
        ("non-return-disk", 0),
        ("technical-tickets-5", 10),
    ]
    await qnp_desk.world.tell(qnp_desk.world.paying(order["order_id"], qnp_desk.world.today))
    await qnp_desk.settle()
    async with qnp_desk.partner() as partner:
        wallet = (await partner.get("/v1/wallets/customer-1.qnp")).json()
    assert (wallet["balance"], wallet["lots"][0]["lot_id"]) == (10, order["order_id"])


async def test_what_an_order_sold_for_a_device_outlasts_the_device_being_registered_anew(qnp_desk: Desk) -> None:
    by_hand = {"contract_id": "C-1", "product": "advance-send-back"}
    by_hand |= {"valid_from": "2026-04-01", "valid_until": "2027-03-31"}
    asset = ASSET_BODY | {"plan_family": "qnp", "area": "tokyo"}
    async with qnp_desk.staff() as staff, qnp_desk.partner() as partner:
        (await staff.post("/v1/assets", json=asset | {"contracts": [by_hand]})).raise_for_status()
        order = (await partner.post("/v1/orders", json=ONSITE)).json()["order_id"]
        held = {}
        for area, stated in (("sapporo", [by_hand]), ("tokyo", [])):
            (await staff.post("/v1/assets", json=asset | {"area": area, "contracts": stated})).raise_for_status()
            await qnp_desk.settle()
            device = (await partner.get("/v1/assets/DEVICE-1")).json()
            held[device["area"]] = {each["contract_id"] for each in device["contracts"]}
        recorded = (await qnp_desk.runtime.log.head()).position
        (await staff.post("/v1/assets", json=asset)).raise_for_status()
    # What was stated by hand is what is stated last; what was sold stays until it is given back
    assert held == {"sapporo": {order, "C-1"}, "tokyo": {order}}
    assert (await qnp_desk.runtime.log.head()).position == recorded  # the same again changes nothing


async def test_an_option_ordered_later_goes_to_the_contract_that_the_device_has(qnp_desk: Desk) -> None:
    option = ONSITE | {"product": "non-return-disk"}
    async with qnp_desk.staff() as staff, qnp_desk.partner() as partner:
        asset = ASSET_BODY | {"plan_family": "qnp", "area": "osaka"}
        (await staff.post("/v1/assets", json=asset)).raise_for_status()
        assert faults(await partner.post("/v1/orders", json=option)) == [("option_of", "QNP-11")]
        (await partner.post("/v1/orders", json=ONSITE)).raise_for_status()
        (await partner.post("/v1/orders", json=option)).raise_for_status()
        await qnp_desk.settle()
        (held,) = (await partner.get("/v1/assets/DEVICE-1")).json()["contracts"]
    assert held["options"] == ["non-return-disk"]


async def test_another_customers_device_is_one_that_is_not_there(nec_desk: Desk) -> None:
    second = CUSTOMER_BODY | {"customer_id": "customer-2", "contacts": []}
    async with nec_desk.staff() as staff:
        (await staff.post("/v1/customers", json=second)).raise_for_status()
        answers = [
            await staff.post("/v1/orders", json=PACK | {"customer_id": "customer-2", "asset_serial": serial})
            for serial in ("DEVICE-1", "DEVICE-9")
        ]
    assert [faults(answer) for answer in answers] == [[("unknown_asset", None)]] * 2
