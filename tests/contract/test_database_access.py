"""What each role may do in each service's database, as PostgreSQL itself says: row-level security holds everywhere.

A table that a migration forgets to protect, a grant too many, or a role that bypasses the policies fails here.
"""

from __future__ import annotations  # asyncpg.Connection is generic for the type checker only

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import asyncpg
import pytest
from kippu.services import PARTS
from kippu_events.database import Database
from kippu_events.testing.plugin import MakeDatabase

SHOWN = "(provider = ( SELECT current_setting('kippu.provider'::text, true) AS current_setting))"
SHOWN_TO_CUSTOMERS = (
    "((provider = ( SELECT current_setting('kippu.provider'::text, true) AS current_setting))"
    " AND ((( SELECT current_setting('kippu.customers'::text, true) AS current_setting) = '*'::text)"
    " OR (customer_id = ANY (( SELECT string_to_array(current_setting('kippu.customers'::text, true), ','::text)"
    " AS string_to_array)::text[]))))"
)
"""As PostgreSQL prints the two policies that there are for readers."""

ASKED_BY_READERS = {("reader", "read.asking")}
"""Functions that save a reader round trips; they run with its own rights, so its policies hold in them."""


@dataclass(frozen=True)
class Looked:
    """One database, looked at by its administrator."""

    database: Database
    connection: asyncpg.Connection[Any]

    def role(self, kind: str) -> str:
        return f"{self.database.roles}_{kind}"

    async def column(self, sql: str, *args: Any) -> list[Any]:
        return [row[0] for row in await self.connection.fetch(sql, *args)]


@pytest.fixture(params=PARTS)
async def looked(request: pytest.FixtureRequest, service_database: MakeDatabase) -> AsyncIterator[Looked]:
    part = PARTS[request.param]
    database = await service_database(part.name, [part.migrations])
    connection = await asyncpg.connect(database.admin_url)
    try:
        yield Looked(database, connection)
    finally:
        await connection.close()


RELATIONS = """
select c.oid, n.nspname || '.' || c.relname as name, c.relkind::text as kind,
       c.relrowsecurity, c.relforcerowsecurity,
       array(select attname::text from pg_attribute
             where attrelid = c.oid and attnum > 0 and not attisdropped) as columns
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname not like 'pg\\_%' and n.nspname <> 'information_schema' and c.relkind in ('r', 'p', 'v', 'm', 'f')
order by name
"""
POLICIES = """
select polname::text as name, polcmd::text as command, polpermissive as permissive,
       pg_get_expr(polqual, polrelid) as shown,
       array(select rolname::text from pg_roles where oid = any (polroles)) as roles
from pg_policy where polrelid = $1 order by name
"""
PRIVILEGES = ("select", "insert", "update", "delete", "truncate", "references", "trigger")


async def test_every_read_model_is_bound_to_provider_and_customer(looked: Looked) -> None:
    tables = [row for row in await looked.connection.fetch(RELATIONS) if row["name"].startswith("read.")]
    assert tables, "a service without read models answers nothing"
    for table in tables:
        name = table["name"]
        assert table["kind"] == "r", f"{name} is a view or the like: row-level security would be its owner's"
        assert (table["relrowsecurity"], table["relforcerowsecurity"]) == (True, True), name
        assert "provider" in table["columns"], name
        policies = await looked.connection.fetch(POLICIES, table["oid"])
        found = {(p["name"], p["command"], p["permissive"], p["shown"], *p["roles"]) for p in policies}
        shown = SHOWN_TO_CUSTOMERS if "customer_id" in table["columns"] else SHOWN
        assert found == {
            ("shown", "r", True, shown, looked.role("reader")),
            ("written", "*", True, "true", looked.role("writer")),
        }, name


async def test_the_reader_reads_read_models_and_marks_and_nothing_else(looked: Looked) -> None:
    reader = looked.role("reader")
    for relation in await looked.connection.fetch(RELATIONS):
        granted = {
            privilege
            for privilege in PRIVILEGES
            if await looked.connection.fetchval(
                "select has_table_privilege($1, $2::oid, $3)", reader, relation["oid"], privilege
            )
        }
        readable = relation["name"].startswith("read.") or relation["name"] == "bus.mark"
        assert granted == ({"select"} if readable else set()), relation["name"]
    by_column = await looked.column(
        "select attrelid::regclass || '.' || attname from pg_attribute where attacl is not null and attnum > 0"
        " and attrelid >= 16384"
    )
    assert by_column == [], "what is granted by column is granted unseen"


async def test_the_log_is_written_by_its_function_alone(looked: Looked) -> None:
    writer, reader = looked.role("writer"), looked.role("reader")
    for table in await looked.column("select 'log.' || tablename from pg_tables where schemaname = 'log'"):
        for privilege in PRIVILEGES:
            may = await looked.connection.fetchval("select has_table_privilege($1, $2, $3)", writer, table, privilege)
            assert may == (privilege == "select"), f"{privilege} on {table}"
    functions = await looked.connection.fetch(
        "select p.oid, n.nspname || '.' || p.proname as name, p.prosecdef, p.proconfig from pg_proc p"
        " join pg_namespace n on n.oid = p.pronamespace where n.nspname in ('log', 'read', 'bus', 'work', 'blob')"
    )
    executable = {
        (kind, function["name"])
        for function in functions
        for kind, role in (("writer", writer), ("reader", reader))
        if await looked.connection.fetchval(
            "select has_function_privilege($1, $2::oid, 'execute')", role, function["oid"]
        )
    }
    assert executable - ASKED_BY_READERS == {("writer", "log.append")}
    for function in functions:
        asked = ("reader", function["name"]) in ASKED_BY_READERS
        assert not (asked and function["prosecdef"]), f"{function['name']} would show what its reader may not see"
        assert any(setting.startswith("search_path=") for setting in function["proconfig"] or ()) or (
            not function["prosecdef"]
        ), f"{function['name']} would run with its caller's search_path"


async def test_the_writer_cannot_touch_what_was_recorded(looked: Looked) -> None:
    """The same, tried."""
    connection = await asyncpg.connect(looked.database.writer_url)
    try:
        for statement in (
            "insert into log.command (command_id, hash, result, positions) values ('x', '', '', '{}')",
            "update log.event set stream = stream",
            "update log.head set position = 0",
            "delete from log.event",
            "truncate log.event",
            "alter table log.event disable trigger all",
            "drop table log.event",
            "create table log.mine ()",
            "create table read.mine ()",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
    finally:
        await connection.close()


async def test_no_role_of_a_service_stands_above_the_policies(looked: Looked) -> None:
    roles = [looked.role(kind) for kind in ("owner", "writer", "reader")]
    rows = await looked.connection.fetch(
        "select rolname::text, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication, rolcanlogin"
        " from pg_roles where rolname = any ($1)",
        roles,
    )
    assert {row[0]: tuple(row)[1:6] for row in rows} == dict.fromkeys(roles, (False,) * 5)
    assert {row[0] for row in rows if row["rolcanlogin"]} == {looked.role("writer"), looked.role("reader")}
    members = await looked.column(
        "select roleid::regrole::text from pg_auth_members where member::regrole::text = any ($1)", roles
    )
    assert members == [], "a member has its group's rights"
    owned = await looked.column(
        "select oid::regclass::text from pg_class where relowner::regrole::text = any ($1)", roles[1:]
    )
    assert owned == [], "an owner may disable the policies of its table"
