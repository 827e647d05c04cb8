"""What many ask at the same time is asked once, and each is answered as if it had asked alone."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, cast

import asyncpg
import pytest
from kippu_events.database import Database
from kippu_events.testing.plugin import Templates
from kippu_service.pools import open_readers
from kippu_service.together import Together

HALF = "select place, 100 / divisor as part from unnest($1::int[]) with ordinality as asked (divisor, place) order by 1"


class Counted:
    """A pool that counts its round trips."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self.asked: list[int] = []
        self.was_asked = asyncio.Event()

    async def fetch(self, sql: str, *arguments: Any) -> Any:
        self.asked.append(len(arguments[0]))
        self.was_asked.set()
        return await self._pool.fetch(sql, *arguments)


@pytest.fixture(scope="module")
async def database(templates: Templates) -> AsyncIterator[Database]:
    yield await templates.clone("together", ())
    await templates.drop("together")


@pytest.fixture
async def pool(database: Database) -> AsyncIterator[Counted]:
    async with await open_readers(database.reader_url, size=2) as readers:
        yield Counted(readers)


@pytest.fixture
def together(pool: Counted) -> Together:
    return Together(cast(asyncpg.Pool, pool))


async def parts(together: Together, *divisors: int) -> list[Any]:
    answers = await asyncio.gather(*[together.fetchrow(HALF, each) for each in divisors], return_exceptions=True)
    return [type(each) if isinstance(each, BaseException) else each["part"] for each in answers]


async def test_many_questions_are_one_round_trip_and_each_has_its_own_answer(pool: Counted, together: Together) -> None:
    assert await parts(together, *range(1, 51)) == [100 // divisor for divisor in range(1, 51)]
    assert pool.asked == [50]


async def test_what_is_asked_meanwhile_is_the_next_round_trip(pool: Counted, together: Together) -> None:
    first = asyncio.create_task(together.fetchrow(HALF, 1))
    await pool.was_asked.wait()
    assert await parts(together, 2, 4) == [50, 25]
    assert (await first)["part"] == 100
    assert pool.asked == [1, 2]


async def test_a_question_without_an_answer_fails_alone(pool: Counted, together: Together) -> None:
    assert await parts(together, 1, 0, 4) == [100, asyncpg.DivisionByZeroError, 25]
    assert pool.asked == [3, 1, 1, 1]
    assert await parts(together, 5) == [20]


async def test_who_no_longer_waits_disturbs_nobody(pool: Counted, together: Together) -> None:
    gone = asyncio.create_task(together.fetchrow(HALF, 1))
    stays = asyncio.create_task(together.fetchrow(HALF, 2))
    await pool.was_asked.wait()
    gone.cancel()
    assert (await stays)["part"] == 50
    assert gone.cancelled()


async def test_a_lost_server_is_told_to_all_who_wait_at_once(pool: Counted, together: Together) -> None:
    await pool._pool.close()
    assert await parts(together, 1, 2) == [asyncpg.InterfaceError, asyncpg.InterfaceError]
    assert pool.asked == [2]
