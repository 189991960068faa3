"""What the shell refuses: in a sentence, with exit status 3, and leaving everything as it was."""

import socket
from pathlib import Path

import pytest

from tests.shell.calling import gitops_bot

BESIDE_A_SERVER = [("runs",), ("locks",), ("thaw",), ("freeze", "why"), ("unlock", "acme/infra#1")]


@pytest.mark.parametrize("words", BESIDE_A_SERVER)
def test_where_no_server_has_worked_nothing_is_made_and_nothing_promised(here: Path, words: tuple[str, ...]) -> None:
    done = gitops_bot(*words, cwd=here)
    assert done.returncode == 3
    assert f"no gitops-bot has worked in {here / 'gitops-bot-data'} (set DATA_DIR" in done.stderr
    assert not done.stdout
    assert not list(here.iterdir())


def test_an_empty_file_for_a_store_is_none(here: Path) -> None:
    (here / "store.sqlite").touch()
    assert gitops_bot("freeze", "why", cwd=here, DATA_DIR=str(here)).returncode == 3
    assert not (here / "store.sqlite").stat().st_size


def test_a_store_url_without_a_store_is_named_without_its_password(here: Path, postgres: str) -> None:
    done = gitops_bot("freeze", "why", cwd=here, STORE__URL=postgres.replace("bot@", "bot:hidden@"))
    assert done.returncode == 3, done.stderr
    assert "set STORE__URL" in done.stderr
    assert "hidden" not in done.stderr
    assert not list(here.iterdir())


@pytest.mark.parametrize("command", ["runs", "serve"])
def test_a_directory_that_cannot_be_is_said_in_a_sentence(here: Path, command: str) -> None:
    done = gitops_bot(command, cwd=here, DATA_DIR="/proc/nope", GITHUB__TOKEN="x", GITHUB__WEBHOOK_SECRET="y")
    assert done.returncode == 3
    assert "/proc/nope" in done.stderr
    assert "DATA_DIR" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("command", "url"),
    [
        ("runs", "mysql://x/y"),
        ("runs", "nonsense"),
        ("runs", "postgresql+psycopg9://x/y"),
        ("serve", "oracle://u:hidden@x/y"),
    ],
)
def test_a_database_of_another_kind_is_refused_in_a_sentence(here: Path, command: str, url: str) -> None:
    done = gitops_bot(command, cwd=here, STORE__URL=url, GITHUB__TOKEN="x", GITHUB__WEBHOOK_SECRET="y")
    assert done.returncode == 3
    assert "STORE__URL" in done.stderr
    assert "sqlite:///FILE or postgresql+psycopg://" in done.stderr
    assert "hidden" not in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_file_that_is_no_database_is_refused(here: Path) -> None:
    (here / "store.sqlite").write_text("no database at all, " * 100)
    done = gitops_bot("runs", cwd=here, DATA_DIR=str(here))
    assert done.returncode == 3
    assert "no database of gitops-bot" in done.stderr


def test_a_database_that_does_not_answer_fails_with_1(here: Path) -> None:
    with socket.socket() as ear:
        ear.bind(("127.0.0.1", 0))
        port = ear.getsockname()[1]
        done = gitops_bot("runs", cwd=here, STORE__URL=f"postgresql+psycopg://u:hidden@127.0.0.1:{port}/x")
    assert done.returncode == 1
    assert "does not answer" in done.stderr
    assert not list(here.iterdir())


@pytest.mark.parametrize("limit", ["0", "-1", "many"])
def test_a_limit_that_is_no_number_of_runs_is_refused(here: Path, limit: str) -> None:
    done = gitops_bot("runs", f"--limit={limit}", cwd=here)
    assert done.returncode == 3
    assert limit in done.stderr


def test_a_freeze_without_a_reason_is_refused(here: Path, worked: Path) -> None:
    done = gitops_bot("freeze", " ", cwd=here, DATA_DIR=str(worked))
    assert done.returncode == 3
    assert "needs a reason" in done.stderr


def test_an_unknown_pull_request_is_refused(here: Path, worked: Path) -> None:
    done = gitops_bot("unlock", "acme/infra#7", cwd=here, DATA_DIR=str(worked))
    assert done.returncode == 3
    assert "write it like acme/infra#7" in done.stderr


def test_a_server_without_git_is_refused(here: Path) -> None:
    done = gitops_bot("serve", cwd=here, env={"PATH": str(here)}, GITHUB__TOKEN="x", GITHUB__WEBHOOK_SECRET="y")
    assert done.returncode == 3
    assert "install git" in done.stderr
    assert not list(here.iterdir())


def test_a_sandbox_on_no_address_is_refused(here: Path) -> None:
    done = gitops_bot("sandbox", "--dir", "forge", "--listen", "nowhere", cwd=here)
    assert done.returncode == 3
    assert "--listen" in done.stderr
