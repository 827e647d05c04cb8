"""Which errors pass by themselves: the one list for logs, consumers, relays and the answers over HTTP."""

import asyncpg

from kippu_events.log import LogUnavailable

KINDS: tuple[type[BaseException], ...] = (
    OSError,  # includes TimeoutError and ConnectionError
    LogUnavailable,
    asyncpg.InterfaceError,
    # A session killed between two of its messages: asyncpg finds its own protocol in a state that cannot be.
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.PostgresSystemError,
    asyncpg.TransactionRollbackError,
    asyncpg.ReadOnlySQLTransactionError,
)
"""What an error that passes may be; whether one does, `passes` says."""

_GONE = ("closed", "closing", "released back to the pool")
"""The last: a pool takes a connection back at once when it is lost, also from whoever is in the middle of using it."""


def passes(error: BaseException) -> bool:
    """Whether an error is of the connection or of the moment, not of what was asked: the same may well succeed later,
    once the server is back, has started, or has room again."""
    if isinstance(error, asyncpg.InterfaceError):
        # asyncpg's word for a connection that is gone, but also for a statement or argument that is wrong: these stay.
        # An argument's error is a ValueError and quotes the argument, which may well say `closed`.
        return not isinstance(error, ValueError) and any(gone in str(error) for gone in _GONE)
    return isinstance(error, KINDS)
