"""What falls due by itself for licences: the notice about the end of their maintenance, and the end."""

from collections.abc import Sequence
from datetime import date

from kippu_events.catalogue.licences import LicenceRenewed, LicenceSold
from kippu_events.deadlines import Deadline, Schedule
from kippu_events.work import Stream, Work
from kippu_terms.plan import Plan

from kippu_entitlement import folds, terms
from kippu_entitlement.domain import licence, streams
from kippu_entitlement.domain.licence import Licence

NOTICE, END = "renewal-notice", "maintenance-end"


def of_licence(provider: str, maintained: LicenceSold | LicenceRenewed) -> Sequence[Schedule]:
    """For this end of maintenance; one that was moved since finds nothing to do."""
    until = maintained.maintained_until.isoformat()
    payload = {"licence_id": maintained.licence_id, "maintained_until": until}
    return tuple(
        Schedule(f"{kind}:{provider}:{maintained.licence_id}:{until}", kind, provider, at, payload)
        for kind, at in ((NOTICE, maintained.notice_at), (END, maintained.ends_at))
        if at is not None
    )


async def give_notice(deadline: Deadline, work: Work) -> None:
    stream, plan, until = await _loaded(deadline, work)
    name = streams.customer(deadline.provider, stream.state.customer_id)
    language = (await work.load(folds.CUSTOMER, deadline.provider, name)).state.language
    work.record(stream, *licence.notice(stream.state, plan, until, language, deadline.due_at))


async def end_maintenance(deadline: Deadline, work: Work) -> None:
    stream, plan, until = await _loaded(deadline, work)
    work.record(stream, *licence.end(stream.state, plan, until, deadline.due_at))


async def _loaded(deadline: Deadline, work: Work) -> tuple[Stream[Licence], Plan, date]:
    """The licences, under the terms that they were sold or renewed by last."""
    name = streams.licence(deadline.provider, deadline.payload["licence_id"])
    stream = await work.load(folds.LICENCE, deadline.provider, name)
    state = stream.state
    published = (await terms.plans(work, deadline.provider, state.plan_family)).state
    plan = terms.pinned(published, state.plan_family, state.plan_version)
    return stream, plan, date.fromisoformat(deadline.payload["maintained_until"])
