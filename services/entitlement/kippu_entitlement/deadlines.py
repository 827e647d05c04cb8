"""What falls due by itself: lots and contracts end at the local midnight after their last day.

What is left of a lot expires; that a contract will end is announced where the terms say so.
"""

from collections.abc import Sequence

from kippu_events.catalogue.contracts import ContractActivated, ContractRegistered, ContractSold, RegistrationChanged
from kippu_events.catalogue.entitlement import TicketsCredited
from kippu_events.catalogue.licences import LicenceRenewed, LicenceSold
from kippu_events.deadlines import Cancel, Deadline, Deadlines, Schedule
from kippu_events.envelope import Envelope
from kippu_events.work import Work

from kippu_entitlement import contracts, folds, licence_deadlines
from kippu_entitlement.domain import contract, streams, wallet

LOT_EXPIRY, CONTRACT_END, CONTRACT_NOTICE = "lot-expiry", "contract-end", "contract-notice"
REGISTRATION_REMINDER, REGISTRATION_CHANGE = "registration-reminder", "registration-change"


def plan(envelope: Envelope) -> Sequence[Schedule | Cancel]:
    match envelope.event:
        case TicketsCredited() as credited:
            return (
                Schedule(
                    id=f"{LOT_EXPIRY}:{envelope.provider}:{credited.lot_id}",
                    kind=LOT_EXPIRY,
                    provider=envelope.provider,
                    due_at=credited.expires_at,
                    payload={"wallet_id": credited.wallet_id, "lot_id": credited.lot_id},
                ),
            )
        case ContractSold() | ContractActivated() as dated:
            return (*_ends_of(envelope.provider, dated), *_reminder(envelope.provider, dated))
        case ContractRegistered() as registered:
            return (Cancel(f"{REGISTRATION_REMINDER}:{envelope.provider}:{registered.contract_id}"),)
        case RegistrationChanged() as changed if changed.effective_at > changed.occurred_at:
            return (
                Schedule(
                    id=f"{REGISTRATION_CHANGE}:{envelope.provider}:{envelope.id}",
                    kind=REGISTRATION_CHANGE,
                    provider=envelope.provider,
                    due_at=changed.effective_at,
                    payload={"contract_id": changed.contract_id},
                ),
            )
        case LicenceSold() | LicenceRenewed() as maintained:
            return licence_deadlines.of_licence(envelope.provider, maintained)
        case _:
            return ()


def _ends_of(provider: str, dated: ContractSold | ContractActivated) -> Sequence[Schedule]:
    if dated.ends_at is None:
        return ()
    due = [(CONTRACT_END, f"{CONTRACT_END}:{provider}:{dated.contract_id}", dated.ends_at)]
    due += [
        (CONTRACT_NOTICE, f"{CONTRACT_NOTICE}:{provider}:{dated.contract_id}:{number}", at)
        for number, at in enumerate(dated.remind_at, start=1)
    ]
    payload = {"contract_id": dated.contract_id}
    return tuple(Schedule(id=id_, kind=kind, provider=provider, due_at=at, payload=payload) for kind, id_, at in due)


def _reminder(provider: str, sold: ContractSold | ContractActivated) -> Sequence[Schedule]:
    """What arrived should be registered by then (SVT-09)."""
    if sold.registration_due_at is None:
        return ()
    return (
        Schedule(
            id=f"{REGISTRATION_REMINDER}:{provider}:{sold.contract_id}",
            kind=REGISTRATION_REMINDER,
            provider=provider,
            due_at=sold.registration_due_at,
            payload={"contract_id": sold.contract_id},
        ),
    )


async def expire_lot(deadline: Deadline, work: Work) -> None:
    name = streams.wallet(deadline.provider, deadline.payload["wallet_id"])
    stream = await work.load(folds.WALLET, deadline.provider, name)
    work.record(stream, *wallet.expire(stream.state, deadline.payload["lot_id"], deadline.due_at))


async def end_contract(deadline: Deadline, work: Work) -> None:
    stream = await work.load(folds.CONTRACT, deadline.provider, _contract(deadline))
    work.record(stream, *contract.end(stream.state, deadline.due_at))


async def announce_end(deadline: Deadline, work: Work) -> None:
    stream = await work.load(folds.CONTRACT, deadline.provider, _contract(deadline))
    names = (streams.contract(deadline.provider, each) for each in stream.state.renewed_by)
    renewals = await work.load_all(deadline.provider, *((folds.CONTRACT, name) for name in names))
    work.record(stream, *contract.announce_end(stream.state, [each.state for each in renewals], deadline.due_at))


async def remind_of_registration(deadline: Deadline, work: Work) -> None:
    await contracts.remind(work, await _opened(deadline, work), deadline.due_at)


async def apply_change(deadline: Deadline, work: Work) -> None:
    """A change that the desk took up takes effect: visits go to the new site (NEC-Q4)."""
    await contracts.put_on_device(work, await _opened(deadline, work))


async def _opened(deadline: Deadline, work: Work) -> contracts.Opened:
    return await contracts.opened(work, deadline.provider, deadline.payload["contract_id"])


def _contract(deadline: Deadline) -> str:
    return streams.contract(deadline.provider, deadline.payload["contract_id"])


DEADLINES = Deadlines(
    plan=plan,
    fire={
        LOT_EXPIRY: expire_lot,
        CONTRACT_END: end_contract,
        CONTRACT_NOTICE: announce_end,
        licence_deadlines.NOTICE: licence_deadlines.give_notice,
        licence_deadlines.END: licence_deadlines.end_maintenance,
        REGISTRATION_REMINDER: remind_of_registration,
        REGISTRATION_CHANGE: apply_change,
    },
)
