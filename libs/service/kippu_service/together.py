"""Look-ups that many requests make at the same time, in one round trip."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg
from kippu_events.passing import passes


@dataclass(frozen=True, slots=True, eq=False)
class _Question:
    arguments: tuple[Any, ...]
    answer: "asyncio.Future[asyncpg.Record]"


class Together:
    """Asks one statement for everybody who asks it at the same time.

    There is no timer: what is asked while one round trip is under way forms the next. A question that cannot be
    answered fails alone.
    """

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._waiting: dict[str, list[_Question]] = {}
        self._asking: set[asyncio.Task[None]] = set()

    async def fetchrow(self, sql: str, *arguments: Any) -> asyncpg.Record:
        """The row of these arguments. The statement takes an array for each argument, as long as there are questions,
        and answers a row for each place of them, in their order. Raises what asyncpg raises."""
        question = _Question(arguments, asyncio.get_running_loop().create_future())
        if sql in self._waiting:
            self._waiting[sql].append(question)
        else:
            self._waiting[sql] = [question]
            asking = asyncio.create_task(self._ask(sql))
            self._asking.add(asking)
            asking.add_done_callback(self._asking.discard)
        return await question.answer

    async def _ask(self, sql: str) -> None:
        while questions := [question for question in self._waiting[sql] if not question.answer.done()]:
            self._waiting[sql] = []
            await self._answer(sql, questions)
        del self._waiting[sql]

    async def _answer(self, sql: str, questions: Sequence[_Question]) -> None:
        """Settles each question."""
        try:
            rows = await self._pool.fetch(sql, *map(list, zip(*[each.arguments for each in questions], strict=True)))
            answers = list(zip(questions, rows, strict=True))
        except Exception as error:
            if len(questions) > 1 and not passes(error):
                for question in questions:
                    await self._answer(sql, [question])
                return
            for question in questions:
                if not question.answer.done():
                    question.answer.set_exception(error)
        else:
            for question, row in answers:
                if not question.answer.done():
                    question.answer.set_result(row)
