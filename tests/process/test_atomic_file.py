"""What is written aside and renamed is there whole or not at all; what others left is read with care."""

import os
from pathlib import Path

import pytest

from bot.atomic_file import read_left_file, replace_file
from bot.core.errors import ToolFailed


def test_a_file_is_replaced_whole_and_is_its_owners_only(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.write_text("before, and longer")
    replace_file(kept, b"after")
    assert (kept.read_bytes(), kept.stat().st_mode & 0o777) == (b"after", 0o600)
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


def test_a_link_is_replaced_and_not_followed(tmp_path: Path) -> None:
    (tmp_path / "theirs").write_text("precious")
    (tmp_path / "kept").symlink_to("theirs")
    replace_file(tmp_path / "kept", b"ours")
    assert not (tmp_path / "kept").is_symlink()
    assert (tmp_path / "theirs").read_text() == "precious"


def test_what_cannot_be_put_there_leaves_nothing_aside(tmp_path: Path) -> None:
    (tmp_path / "kept" / "below").mkdir(parents=True)
    with pytest.raises(OSError, match="kept"):
        replace_file(tmp_path / "kept", b"ours")
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


def test_what_a_tool_left_is_read_where_it_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "plan").write_bytes(b"planned")
    assert read_left_file(tmp_path / "plan") == b"planned"


@pytest.mark.parametrize("kind", ["link", "pipe", "directory", "nothing"])
def test_what_is_no_file_is_neither_followed_nor_waited_for(tmp_path: Path, kind: str) -> None:
    (tmp_path / "vault.key").write_bytes(b"key")
    path = tmp_path / "plan"
    if kind == "link":
        path.symlink_to("vault.key")
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "directory":
        path.mkdir()
    with pytest.raises(ToolFailed, match="plan is no file"):
        read_left_file(path)
