"""What the vault promises: only the bot opens what it sealed, and only for what it was sealed for."""

import base64
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.errors import Refused
from bot.vault import Vault

KEY, OTHER = bytes(range(32)), bytes(range(1, 33))
ROW = {"plan": "p1", "place": "infra/db:prod"}


def encoded(key: bytes) -> str:
    return base64.b64encode(key).decode()


def test_what_was_sealed_is_opened_again() -> None:
    assert Vault(KEY).unseal(Vault(KEY).seal(b"secret", ROW), dict(reversed(ROW.items()))) == b"secret"


def test_what_was_sealed_tells_nothing_and_looks_different_each_time() -> None:
    vault = Vault(KEY)
    assert b"secret" not in vault.seal(b"secret", ROW)
    assert vault.seal(b"secret", ROW) != vault.seal(b"secret", ROW)


@pytest.mark.parametrize(
    "row",
    [
        {},
        {"plan": "p1"},
        {**ROW, "plan": "p2"},
        {**ROW, "more": ""},
        {"place": "p1", "plan": "infra/db:prod"},
        {'plan":"p1","place': "infra/db:prod"},
    ],
)
def test_an_artifact_of_another_row_is_refused(row: dict[str, str]) -> None:
    with pytest.raises(Refused, match="was changed, or belongs to another plan"):
        Vault(KEY).unseal(Vault(KEY).seal(b"secret", ROW), row)


@given(st.data())
def test_a_changed_bit_is_refused_wherever_it_is(data: st.DataObject) -> None:
    blob = bytearray(Vault(KEY).seal(b"secret", ROW))
    blob[data.draw(st.integers(0, len(blob) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(Refused):
        Vault(KEY).unseal(bytes(blob), ROW)


@given(st.integers(0, 60))
def test_a_part_of_an_artifact_is_refused(length: int) -> None:
    blob = Vault(KEY).seal(b"secret" * 10, ROW)
    with pytest.raises(Refused):
        Vault(KEY).unseal(blob[:length], ROW)


@given(st.binary())
def test_any_bytes_are_refused(blob: bytes) -> None:
    with pytest.raises(Refused):
        Vault(KEY).unseal(blob, ROW)


@given(st.binary(), st.dictionaries(st.text(), st.text()))
def test_any_bytes_can_be_sealed_for_any_words(content: bytes, row: dict[str, str]) -> None:
    assert Vault(KEY).unseal(Vault(KEY).seal(content, row), row) == content


def test_another_key_says_that_it_is_another_key() -> None:
    with pytest.raises(Refused, match="sealed with another key: give that in VAULT__OLD_KEYS"):
        Vault(OTHER).unseal(Vault(KEY).seal(b"secret", ROW), ROW)


def test_after_a_rotation_old_artifacts_and_links_are_still_good_and_new_ones_use_the_new_key() -> None:
    before, after = Vault(KEY), Vault(OTHER, [KEY])
    assert after.unseal(before.seal(b"secret", ROW), ROW) == b"secret"
    assert after.verify("link", before.sign("link"))
    assert Vault(OTHER).unseal(after.seal(b"new", ROW), ROW) == b"new"
    assert not before.verify("link", after.sign("link"))


def test_a_digest_needs_the_key_and_tells_domains_apart() -> None:
    digest = Vault(KEY).digest("plan", b"password = 1234")
    assert digest == Vault(KEY).digest("plan", b"password = 1234")
    assert len(bytes.fromhex(digest)) == 32
    others = {
        Vault(OTHER).digest("plan", b"password = 1234"),
        Vault(KEY).digest("outputs", b"password = 1234"),
        Vault(KEY).digest("plan", b"password = 1235"),
        Vault(KEY).digest("plan p", b"assword = 1234"),
    }
    assert len(others | {digest}) == 5


def test_a_signature_is_good_for_its_text_only() -> None:
    vault = Vault(KEY)
    signature = vault.sign("page until 1 of run r")
    assert signature.replace("-", "").replace("_", "").isalnum()
    assert vault.verify("page until 1 of run r", signature)
    assert not vault.verify("page until 2 of run r", signature)
    assert not Vault(OTHER).verify("page until 1 of run r", signature)


@given(st.text(), st.text())
def test_any_signature_may_be_brought(text: str, signature: str) -> None:
    assert not Vault(KEY).verify(text, signature)


def test_keys_appear_nowhere() -> None:
    vault = Vault(KEY, [OTHER])
    assert repr(KEY) not in repr(vars(vault))
    assert repr(OTHER) not in repr(vars(vault))


def test_the_first_start_makes_a_key_that_only_we_may_read(tmp_path: Path) -> None:
    path = tmp_path / "data" / "vault.key"
    blob = Vault.open_or_create(path, None).seal(b"secret", ROW)
    assert path.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["vault.key"]
    assert Vault.open_or_create(path, None).unseal(blob, ROW) == b"secret"


def test_a_key_that_is_given_wins_and_no_file_is_made(tmp_path: Path) -> None:
    vault = Vault.open_or_create(tmp_path / "vault.key", f" {encoded(KEY)}\n", [encoded(OTHER)])
    assert vault.unseal(Vault(KEY).seal(b"secret", ROW), ROW) == b"secret"
    assert vault.unseal(Vault(OTHER).seal(b"secret", ROW), ROW) == b"secret"
    assert list(tmp_path.iterdir()) == []


def test_a_key_written_for_addresses_is_the_same_key(tmp_path: Path) -> None:
    key = b"\xff" * 32
    vault = Vault.open_or_create(tmp_path / "k", base64.urlsafe_b64encode(key).decode())
    assert vault.sign("x") == Vault(key).sign("x")


@pytest.mark.parametrize("key", ["not base64!", encoded(b"short"), encoded(KEY * 2), "ключ", "===="])
def test_a_key_that_is_none_is_refused_without_being_repeated(tmp_path: Path, key: str) -> None:
    with pytest.raises(Refused, match=r"^VAULT__KEY .*openssl rand -base64 32") as refused:
        Vault.open_or_create(tmp_path / "k", key)
    assert key not in str(refused.value)
    with pytest.raises(Refused, match="^VAULT__OLD_KEYS "):
        Vault.open_or_create(tmp_path / "k", encoded(KEY), [key])


def test_a_damaged_key_file_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "vault.key"
    path.write_text("")
    path.chmod(0o600)
    with pytest.raises(Refused, match="instead of 32"):
        Vault.open_or_create(path, None)
    assert path.read_text() == ""


def test_a_key_file_that_everybody_may_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "vault.key"
    Vault.open_or_create(path, None)
    path.chmod(0o644)
    with pytest.raises(Refused, match=f"chmod 600 {path}"):
        Vault.open_or_create(path, None)


def test_a_key_file_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Refused, match="cannot be made"):
        Vault.open_or_create(tmp_path / "file" / "vault.key", None)


def test_processes_that_start_at_once_agree_on_one_key(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib; from bot.vault import Vault; sys.stdin.readline();"
        "print(Vault.open_or_create(pathlib.Path(sys.argv[1]), None).sign('x'))"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "vault.key")]
    root = Path(__file__).parents[2]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "cwd": root}
    started = [subprocess.Popen(command, **pipes) for _ in range(4)]
    for process in started:
        process.stdin.write("go\n")
        process.stdin.flush()
    signatures = {process.communicate(timeout=60)[0] for process in started}
    assert len(signatures) == 1
    assert signatures.pop().strip()
