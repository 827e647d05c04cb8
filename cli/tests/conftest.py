"""A house on a real PostgreSQL: every service built, none running."""

import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from kippu import ground
from kippu.compose import House, built
from kippu_service.settings import Settings
from pydantic import SecretStr


@pytest.fixture
async def house(postgres_url: str, tmp_path: Path) -> AsyncIterator[House]:
    settings = Settings(
        data_dir=tmp_path,
        prefix=f"t{secrets.token_hex(4)}",
        database_url=SecretStr(postgres_url),
        master_key_file=tmp_path / "master.key",
    )
    (tmp_path / "master.key").write_text(secrets.token_hex(32))
    try:
        async with built(settings, await ground.prepare(postgres_url, settings)) as made:
            yield made
    finally:
        await ground.discard(postgres_url, settings)
