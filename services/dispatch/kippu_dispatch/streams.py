"""How dispatch's streams are loaded. Raise the fold's version whenever `evolve` changes."""

from kippu_events.work import Fold, Stream, Work

from kippu_dispatch.domain import Visits, evolve, stream_of

VISITS = Fold(Visits, Visits, evolve, version=1)


async def visits_of(work: Work, provider: str, ticket_no: str) -> Stream[Visits]:
    return await work.load(VISITS, provider, stream_of(provider, ticket_no))
