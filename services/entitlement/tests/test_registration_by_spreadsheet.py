"""Registering many units by one file: all of them or none, once; and what the register then says."""

from typing import Any

import pytest
from kippu_entitlement.api.registrations import XLSX
from kippu_entitlement.testing.desk import CUSTOMER_BODY, Desk
from kippu_entitlement.testing.workbooks import UNIT, filled
from kippu_events.catalogue.entitlement import AssetRegistered

IMPORT = "/v1/registrations/import"
DISK: dict[str, Any] = {
    "serial": "DISK-1",
    "customer_id": "customer-1",
    "plan_family": "qnp",
    "model": "SSD 2 TB",
    "bought_from_provider": "yes",
    "part_of": "nas-1",
}


def upload(content: bytes, media_type: str = XLSX) -> dict[str, Any]:
    return {"content": content, "headers": {"content-type": media_type}}


async def registered(desk: Desk) -> list[str]:
    envelopes = await desk.runtime.log.read(0, 10_000)
    return [each.event.serial for each in envelopes if isinstance(each.event, AssetRegistered)][1:]


async def test_a_file_is_registered_whole_in_one_append_and_only_once(qnp_desk: Desk) -> None:
    content = filled(UNIT, DISK, {**UNIT, "serial": "NAS-2", "contract_id": "C-2"})
    before = (await qnp_desk.runtime.log.head()).position
    async with qnp_desk.staff() as staff:
        answer = await staff.post(IMPORT, **upload(content))
        assert (answer.status_code, answer.json()) == (200, {"registered": 3, "changed": 0, "already_registered": 0})
        causes = {each.metadata.causation_id for each in await qnp_desk.runtime.log.read(before)}
        assert len(causes) == 1
        again = await staff.post(IMPORT, files={"file": ("units.xlsx", content, XLSX)})
        assert again.json() == {"registered": 0, "changed": 0, "already_registered": 3}
        renewed = filled(UNIT, DISK, {**UNIT, "serial": "NAS-2", "model": "NAS 8-bay"}, {**UNIT, "serial": "NAS-3"})
        assert (await staff.post(IMPORT, **upload(renewed))).json() == {
            "registered": 1,
            "changed": 1,
            "already_registered": 2,
        }
        await qnp_desk.settle()
        unit, disk = [(await staff.get(f"/v1/assets/{serial}")).json() for serial in ("nas-2", "disk-1")]
    assert (unit["model"], unit["contracts"][0]["product"], unit["area"]) == ("NAS 8-bay", "advance-send-back", "tokyo")
    assert (disk["part_of"], disk["contracts"], disk["replaced_by"]) == ("NAS-1", [], None)
    assert await registered(qnp_desk) == ["NAS-1", "DISK-1", "NAS-2", "NAS-2", "NAS-3"]


async def test_the_same_request_twice_is_one_and_its_key_is_of_this_file_alone(qnp_desk: Desk) -> None:
    key = {"Idempotency-Key": "once", "content-type": XLSX}
    async with qnp_desk.staff() as staff:
        content = filled(UNIT)
        first = await staff.post(IMPORT, content=content, headers=key)
        again = await staff.post(IMPORT, content=content, headers=key)
        assert first.json() == again.json() == {"registered": 1, "changed": 0, "already_registered": 0}
        other = await staff.post(IMPORT, content=filled({**UNIT, "serial": "NAS-9"}), headers=key)
        assert (other.status_code, other.json()["type"]) == (422, "urn:kippu:problem:idempotency_key_reused")


async def test_with_one_wrong_row_nothing_is_registered_and_every_fault_is_named(qnp_desk: Desk) -> None:
    content = filled(
        UNIT,
        {**UNIT, "serial": "NAS-2", "customer_id": "customer-9", "valid_until": "2026-03-31"},
        {**UNIT, "serial": "NAS 3!", "product": "gold", "bought_on": "1926-03-20"},
        {**UNIT, "serial": "NAS-4", "options": "non-return-disk, unheard-of"},
        {**UNIT, "serial": "NAS-5", "product": "onsite-weekday", "options": "non-return-disk"},
        {**DISK, "part_of": "NAS-9"},
        {**DISK, "serial": "DISK-2", "part_of": "DISK-1"},
        {**UNIT, "serial": "NAS-6", "plan_family": "gold", "warranty_until": "soon"},
        {**UNIT, "serial": "NAS-7", "plan_family": "gold", "warranty_until": "2026-03-19"},
    )
    before = (await qnp_desk.runtime.log.head()).position
    async with qnp_desk.staff() as staff:
        answer = await staff.post(IMPORT, **upload(content))
    assert answer.status_code == 422
    assert {(error["field"], error["code"]) for error in answer.json()["errors"]} == {
        ("rows.3.Customer", "unknown_customer"),
        ("rows.3.Contract until", "contract_ends_before_it_begins"),
        ("rows.4.Serial number", "malformed"),
        ("rows.4.Contract product", "unknown_product"),
        ("rows.4.Bought on", "date_out_of_range"),
        ("rows.5.Contract options", "option_not_offered"),
        ("rows.5.Contract options", "unknown_option"),
        ("rows.7.Part of", "unknown_unit"),
        ("rows.8.Part of", "unknown_unit"),
        ("rows.9.Warranty until", "not_a_date"),
        ("rows.10.Plan", "unknown_plan"),
        ("rows.10.Warranty until", "warranty_before_purchase"),
    }
    options = [error for error in answer.json()["errors"] if error["code"] == "option_not_offered"]
    assert options[0]["clause"] == "QNP-11"
    assert options[0]["message"].startswith("row 5, column 'Contract options': non-return-disk is an option of")
    assert (await qnp_desk.runtime.log.head()).position == before


async def test_anothers_serial_is_a_conflict_that_names_its_row(qnp_desk: Desk) -> None:
    async with qnp_desk.staff() as staff:
        other = CUSTOMER_BODY | {"customer_id": "customer-2", "contacts": []}
        (await staff.post("/v1/customers", json=other)).raise_for_status()
        await staff.post(IMPORT, **upload(filled(UNIT)))
        answer = await staff.post(IMPORT, **upload(filled({**UNIT, "customer_id": "customer-2"})))
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (409, "rows.2.Serial number")


async def test_the_most_rows_that_are_taken_are_one_append(qnp_desk: Desk) -> None:
    content = filled(*({**UNIT, "serial": f"NAS-{number}", "contract_id": f"C-{number}"} for number in range(500)))
    before = (await qnp_desk.runtime.log.head()).position
    async with qnp_desk.staff() as staff:
        assert (await staff.post(IMPORT, **upload(content))).json()["registered"] == 500
    assert (await qnp_desk.runtime.log.head()).position == before + 500


@pytest.mark.parametrize(
    "media_type",
    ["application/json", "application/vnd.ms-excel.sheet.macroEnabled.12", "application/octet-stream", "text/csv"],
)
async def test_other_media_types_are_refused(qnp_desk: Desk, media_type: str) -> None:
    async with qnp_desk.staff() as staff:
        answer = await staff.post(IMPORT, **upload(filled(UNIT), media_type))
        assert (answer.status_code, answer.json()["type"]) == (415, "urn:kippu:problem:unsupported_media_type")
        form = await staff.post(IMPORT, files={"file": ("units.xlsm", filled(UNIT), media_type)})
        assert form.status_code == (200 if media_type == "application/octet-stream" else 415)
        assert (await staff.post(IMPORT, files={"other": ("units.xlsx", filled(UNIT), XLSX)})).status_code == 415


async def test_what_is_too_large_or_no_workbook_changes_nothing(qnp_desk: Desk) -> None:
    async with qnp_desk.staff() as staff, qnp_desk.partner() as partner:
        large = await staff.post(IMPORT, **upload(b"PK\x03\x04" + bytes(3 * 1024 * 1024)))
        assert large.status_code == 413
        broken = await staff.post(IMPORT, **upload(b"serial"))
        assert (broken.status_code, broken.json()["errors"][0]["code"]) == (422, "not_a_workbook")
        assert (await partner.post(IMPORT, **upload(filled(UNIT)))).status_code == 403
    assert await registered(qnp_desk) == []


async def test_the_template_is_for_a_family_of_the_callers_provider(qnp_desk: Desk) -> None:
    await qnp_desk.settle()
    async with qnp_desk.partner() as partner, qnp_desk.staff(provider="other") as others:
        answer = await partner.get("/v1/registrations/template", params={"family": "qnp", "language": "ja"})
        assert (answer.status_code, answer.headers["content-type"]) == (200, XLSX)
        assert answer.headers["content-disposition"] == 'attachment; filename="registration-qnp-ja.xlsx"'
        refused = await partner.post(IMPORT, **upload(answer.content))
        assert refused.status_code == 403
        assert (await others.get("/v1/registrations/template", params={"family": "qnp"})).status_code == 404
        assert (await others.get("/v1/registrations/template")).status_code == 200
