"""Files that hold secrets, and the master key in one."""

from pathlib import Path

import pytest
from kippu_privacy.files import write_private
from kippu_privacy.keyring_postgres import master_key_from


def test_only_its_owner_reads_it_and_it_is_never_written_over(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "one"
    write_private(path, "first")
    write_private(path, "second")
    assert path.read_text() == "first"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_a_master_key_is_made_once(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    with pytest.raises(FileNotFoundError):
        master_key_from(path)
    key = master_key_from(path, make=True)
    assert len(key) == 32
    assert master_key_from(path, make=True) == master_key_from(path) == key


@pytest.mark.parametrize("content", ["", "00" * 31, "00" * 33, "zz" * 32])
def test_another_file_is_not_taken_for_a_master_key(tmp_path: Path, content: str) -> None:
    path = tmp_path / "master.key"
    path.write_text(content)
    with pytest.raises(ValueError, match="64 hexadecimal digits"):
        master_key_from(path, make=True)
