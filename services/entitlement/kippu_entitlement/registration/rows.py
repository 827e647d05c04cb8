"""From rows of cells to assets, and from what is wrong with an asset back to the row and column that say so."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from kippu_events.catalogue.entitlement import AssetContract
from kippu_terms.refusal import Fault

from kippu_entitlement.domain.asset import MAX_CONTRACTS, Asset
from kippu_entitlement.registration.columns import COLUMNS, CONTRACT_NEEDS, Unreadable
from kippu_entitlement.registration.sheet import Row, Sheet

EXAMPLE_SERIAL = "EXAMPLE-1"
"""Of the template's example, which nobody means to register."""

_OF_CONTRACT = re.compile(r"contracts\.([0-9]+)\.(.+)")


@dataclass(slots=True)
class Stated:
    """An asset as the sheet states it, with the rows that do: the first, and the one of each contract."""

    asset: Asset
    row: int
    contract_rows: list[int]


class Reading:
    """The assets that a sheet states, and what is wrong with its cells."""

    def __init__(self, sheet: Sheet) -> None:
        self._sheet = sheet
        self.faults = list(sheet.faults)
        self._bad_cells = {fault.field for fault in sheet.faults}
        self.stated: dict[str, Stated] = {}
        for row in sheet.rows:
            self._take(row)

    @property
    def assets(self) -> list[Asset]:
        return [each.asset for each in self.stated.values()]

    def faults_at(self, serial: str, faults: Sequence[Fault]) -> list[Fault]:
        """The same faults, each at the row and column that it comes from."""
        return [self._at(self.stated[serial], fault) for fault in faults]

    def _at(self, stated: Stated, fault: Fault) -> Fault:
        row, key = stated.row, fault.field or "serial"
        if found := _OF_CONTRACT.fullmatch(key):
            place = int(found[1])
            if place < len(stated.asset.contracts):
                row, key = stated.contract_rows[place], found[2]
            else:  # of a contract that an order sold for the unit: the terms that the row names do not know it
                key = "plan_family"
        elif key == "contracts":
            key = "contract_id"
        return self._sheet.fault(row, key, fault.code, fault.message, fault.clause)

    def _take(self, row: Row) -> None:
        before = len(self.faults)
        values = self._values(row)
        is_example = values.get("serial") == EXAMPLE_SERIAL
        if is_example:
            self._fault(row, "serial", "example_row", "this is the template's example; delete the row")
        if len(self.faults) > before or any(self._is_bad(row, key) for key in row.cells):
            return
        contract = self._contract(row, values)
        if len(self.faults) == before:
            self._join(row, _asset(values), contract)

    def _values(self, row: Row) -> dict[str, Any]:
        """What the row's cells mean, by the column's key; cells that cannot be read are faults."""
        values: dict[str, Any] = {}
        for column in COLUMNS:
            cell = row.cells.get(column.key)
            if cell is None:
                values[column.key] = column.without
                if column.required:
                    self._fault(row, column.key, "missing", "is empty")
            elif not self._is_bad(row, column.key):
                try:
                    values[column.key] = column.read(cell)
                except Unreadable as error:
                    self._fault(row, column.key, error.code, str(error))
        return values

    def _contract(self, row: Row, values: dict[str, Any]) -> AssetContract | None:
        if not any(column.of_contract and column.key in row.cells for column in COLUMNS):
            return None
        missing = [key for key in CONTRACT_NEEDS if values[key] is None]
        for key in missing:
            self._fault(row, key, "missing", "is empty, though the row states a contract")
        if missing:
            return None
        return AssetContract(**{column.key: values[column.key] for column in COLUMNS if column.of_contract})

    def _join(self, row: Row, stated: Asset, contract: AssetContract | None) -> None:
        """A unit with several contracts has a row for each of them."""
        known = self.stated.get(stated.serial)
        if known is None:
            contracts = (contract,) if contract else ()
            self.stated[stated.serial] = Stated(replace(stated, contracts=contracts), row.number, [row.number])
        elif replace(known.asset, contracts=()) != stated:
            self._fault(row, "serial", "serial_twice", f"stands in row {known.row} too, with other facts")
        elif contract is None or not known.asset.contracts:
            self._fault(row, "serial", "serial_twice", f"stands in row {known.row} too")
        elif len(known.asset.contracts) == MAX_CONTRACTS:
            self._fault(row, "contract_id", "too_many_contracts", f"a unit has at most {MAX_CONTRACTS} contracts")
        else:
            known.asset = replace(known.asset, contracts=(*known.asset.contracts, contract))
            known.contract_rows.append(row.number)

    def _is_bad(self, row: Row, key: str) -> bool:
        return f"rows.{row.number}.{self._sheet.titles.get(key)}" in self._bad_cells

    def _fault(self, row: Row, key: str, code: str, message: str) -> None:
        self.faults.append(self._sheet.fault(row.number, key, code, message))


def _asset(values: dict[str, Any]) -> Asset:
    return Asset(**{column.key: values[column.key] for column in COLUMNS if not column.of_contract})
