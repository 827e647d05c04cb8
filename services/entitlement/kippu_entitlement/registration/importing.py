"""A sheet's contracts registered in a unit of work, all rows or none (SVT-08): the same by upload and by mail."""

from collections.abc import Callable
from dataclasses import dataclass

from kippu_events.work import Work
from kippu_privacy import Plain
from kippu_terms.refusal import Refused

from kippu_entitlement import contracts
from kippu_entitlement.domain.registering import Registration, Site
from kippu_entitlement.registration.contract_rows import COLUMNS, ContractReading, StatedRow
from kippu_entitlement.registration.sheet import read


@dataclass(frozen=True, slots=True)
class Imported:
    registered: int
    already_registered: int


def reading_of(content: bytes) -> ContractReading:
    """What a file states. It takes a while: to be called in a thread. Raises Refused for what is no plain workbook."""
    return ContractReading(read(content, COLUMNS))


async def import_rows(work: Work, provider: str, reading: ContractReading, theirs: Callable[[str], None]) -> Imported:
    """Registers the contract of every row. `theirs` raises Refused for a customer who is none of the sender's.

    Raises Refused with every fault at its row and column; then nothing of `work` may be kept.
    """
    rows = {each.contract_id: each for each in reading.rows}
    stated = {contract_id: _registration(provider, row) for contract_id, row in rows.items()}
    done = await contracts.register_all(work, provider, stated, theirs)
    faults = [*reading.faults]
    for contract_id, found in done.faults.items():
        faults += reading.faults_at(rows[contract_id], found)
    if faults:
        raise Refused(*faults)
    return Imported(len(done.new), len(done.unchanged))


def _registration(provider: str, row: StatedRow) -> Callable[[str], Registration]:
    values = row.values

    def stated(customer_id: str) -> Registration:
        site = None
        if values["address"]:
            address = Plain(f"customer-{provider}-{customer_id}", values["address"])
            site = Site(address, values["area"], values["remote_island"], values["height_cm"])
        return Registration(values["consent"], values["serial"], values["model"], values["contact_id"], site)

    return stated
