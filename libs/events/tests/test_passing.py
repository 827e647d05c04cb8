"""Which errors pass by themselves: of the connection and of the moment, never of what was asked."""

import asyncpg
import pytest
from asyncpg.exceptions import _base
from kippu_events.log import LogUnavailable
from kippu_events.passing import passes


@pytest.mark.parametrize(
    "error",
    [
        ConnectionResetError(),
        TimeoutError(),
        LogUnavailable("not now"),
        asyncpg.InterfaceError("connection is closed"),
        asyncpg.InterfaceError("pool is closing"),
        asyncpg.CannotConnectNowError("the database system is starting up"),
        asyncpg.SerializationError("could not serialize access"),
        asyncpg.DiskFullError("no space left on device"),
    ],
)
def test_what_is_of_the_connection_or_of_the_moment_passes(error: Exception) -> None:
    assert passes(error)


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.InterfaceError("the server expects 2 arguments for this query, 1 was passed"),
        _base.DataError("invalid input for query argument $1: 'the shop is closed' (an integer is required)"),
        asyncpg.DataError("value out of range"),
        asyncpg.UniqueViolationError("duplicate key: closed"),
        ValueError("closed"),
    ],
)
def test_what_was_asked_wrongly_stays_wrong_whatever_it_says(error: Exception) -> None:
    assert not passes(error)
