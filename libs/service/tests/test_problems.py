"""What an exception is to a client: whether to send the same again, or that something is wrong on our side."""

import asyncpg
import pytest
from kippu_events.log import LogUnavailable
from kippu_service.problems import HANDLED, problem_of
from starlette.requests import Request

REQUEST = Request({"type": "http", "headers": []})

LOST = [
    LogUnavailable("the log's database does not answer"),
    FileNotFoundError("the server's socket is gone"),
    TimeoutError(),
    ConnectionResetError(),
    asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation"),
    asyncpg.CannotConnectNowError("the database system is starting up"),
    asyncpg.AdminShutdownError("terminating connection due to administrator command"),
    asyncpg.TooManyConnectionsError("sorry, too many clients already"),
    asyncpg.DiskFullError("could not extend file"),
    asyncpg.ReadOnlySQLTransactionError("cannot execute INSERT in a read-only transaction"),
    asyncpg.DeadlockDetectedError("deadlock detected"),
    asyncpg.InterfaceError("cannot call Transaction.__aexit__(): the underlying connection is closed"),
    asyncpg.InterfaceError("cannot call Connection.execute(): connection has been released back to the pool"),
    asyncpg.InternalClientError("cannot switch to state 12; another operation (2) is in progress"),
]
OURS = [
    asyncpg.InterfaceError("the server expects 1 argument for this query, 2 were passed"),
    asyncpg.UndefinedTableError("relation does not exist"),
    asyncpg.UniqueViolationError("duplicate key value violates unique constraint"),
    KeyError("x"),
]


@pytest.mark.parametrize("error", LOST, ids=lambda error: type(error).__name__)
def test_a_database_that_is_away_is_a_503(error: Exception) -> None:
    problem = problem_of(REQUEST, error)
    assert (problem.status, problem.headers["retry-after"]) == (503, "1")
    assert isinstance(error, HANDLED)


@pytest.mark.parametrize(("error", "shows_where"), [(LOST[0], False), (OURS[0], True)], ids=["passes", "stays"])
def test_an_outage_is_a_line_in_the_log_and_a_mistake_shows_where(
    error: Exception, shows_where: bool, caplog: pytest.LogCaptureFixture
) -> None:
    problem_of(REQUEST, error).response()
    (said,) = caplog.records
    assert str(error) in caplog.text
    assert bool(said.exc_info) is shows_where


@pytest.mark.parametrize("error", OURS, ids=lambda error: f"{type(error).__name__}")
def test_a_mistake_of_ours_is_a_500(error: Exception) -> None:
    assert problem_of(REQUEST, error).status == 500
