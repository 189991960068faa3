"""What is kept because making it takes long: found again, and never trusted once somebody changed it."""

from pathlib import Path

import pytest

from bot.cache import Cache
from bot.vault import Vault

KEY = bytes(range(32))


def made(cache: Cache, content: bytes, key: str = "charts") -> bytes:
    return cache.get_or_create(key, lambda: content)


def test_what_was_made_once_is_not_made_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    cache = Cache(tmp_path, Vault(KEY))
    assert made(cache, b"first") == b"first"
    assert made(cache, b"second") == b"first"
    assert made(cache, b"other", "schemas") == b"other"
    assert not caplog.records


def test_what_was_changed_on_disk_is_named_in_the_log_and_made_anew(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    cache = Cache(tmp_path, Vault(KEY))
    made(cache, b"first")
    kept = tmp_path / "charts"
    kept.write_bytes(kept.read_bytes()[:-1])
    assert made(cache, b"second") == b"second"
    (told,) = caplog.records
    assert told.levelname == "WARNING"
    assert str(kept) in told.getMessage()
    assert made(cache, b"third") == b"second"


def test_what_was_put_in_the_place_of_another_is_named_too(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    cache = Cache(tmp_path, Vault(KEY))
    made(cache, b"first")
    (tmp_path / "charts").rename(tmp_path / "schemas")
    assert made(cache, b"second", "schemas") == b"second"
    assert "schemas" in caplog.text
