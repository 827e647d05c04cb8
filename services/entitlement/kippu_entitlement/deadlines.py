"""What falls due by itself: a lot ends at the local midnight after its last day, and what is left of it expires."""

from collections.abc import Sequence

from kippu_events.catalogue.entitlement import TicketsCredited
from kippu_events.deadlines import Cancel, Deadline, Deadlines, Schedule
from kippu_events.envelope import Envelope
from kippu_events.work import Work

from kippu_entitlement import folds
from kippu_entitlement.domain import streams, wallet

LOT_EXPIRY = "lot-expiry"


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
        case _:
            return ()


async def expire_lot(deadline: Deadline, work: Work) -> None:
    name = streams.wallet(deadline.provider, deadline.payload["wallet_id"])
    stream = await work.load(folds.WALLET, deadline.provider, name)
    work.record(stream, *wallet.expire(stream.state, deadline.payload["lot_id"], deadline.due_at))


DEADLINES = Deadlines(plan=plan, fire={LOT_EXPIRY: expire_lot})
