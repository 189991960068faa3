"""A tool that outlives its caller, with real processes."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bot import supervise, supervisor
from bot.core.errors import ToolFailed
from bot.ports import Invocation
from bot.supervise import AttemptState
from tests.caging import NO_CAGE

ENV = {"PATH": "/usr/local/bin:/usr/bin:/bin"}
TOP = Path(__file__).resolve().parents[2]


def sh(script: str, cwd: Path) -> Invocation:
    return Invocation(("sh", "-c", script), cwd, ENV, reach=None)


def never() -> bool:
    return False


def wait_for(path: Path) -> None:
    until = time.monotonic() + 20
    while not path.exists() and time.monotonic() < until:
        time.sleep(0.02)
    assert path.exists()


def test_what_it_says_is_heard_in_whole_lines_before_it_ends_and_each_once(tmp_path: Path) -> None:
    directory, go, heard = tmp_path / "attempt", tmp_path / "go", list[str]()
    script = f"echo one; printf tw; sleep 0.3; echo o; until [ -e {go} ]; do sleep 0.05; done; printf three"
    supervise.start(directory, sh(script, tmp_path), NO_CAGE)

    def hear(lines: str) -> None:
        heard.append(lines)
        if "".join(heard) == "one\ntwo\n":
            raise InterruptedError  # as if the bot ended

    with pytest.raises(InterruptedError):
        supervise.wait(directory, never, hear)
    go.touch()
    supervise.wait(directory, never, heard.append)
    assert "".join(heard) == "one\ntwo\nthree"
    assert "tw" not in heard


@pytest.mark.parametrize("status", [0, 7])
def test_the_exit_status_and_the_output_are_kept(tmp_path: Path, status: int) -> None:
    directory = tmp_path / "attempt"
    supervise.start(directory, sh(f"echo words; echo more >&2; exit {status}", tmp_path), NO_CAGE)
    assert supervise.wait(directory, never) == supervise.AttemptStatus(AttemptState.ENDED, status)
    assert (directory / supervise.OUTPUT).read_text() == "words\nmore\n"


def test_begun_twice_it_runs_once(tmp_path: Path) -> None:
    directory, tally = tmp_path / "attempt", tmp_path / "tally"
    for _ in range(2):
        supervise.start(directory, sh(f"echo x >> {tally}; sleep 0.3", tmp_path), NO_CAGE)
    supervise.wait(directory, never)
    supervise.start(directory, sh(f"echo x >> {tally}", tmp_path), NO_CAGE)
    assert tally.read_text() == "x\n"


def test_two_supervisors_that_race_run_it_once(tmp_path: Path) -> None:
    directory, tally = tmp_path / "attempt", tmp_path / "tally"
    directory.mkdir()
    command = {
        "argv": ["sh", "-c", f"echo x >> {tally}; sleep 0.3"],
        "cwd": str(tmp_path),
        "env": ENV,
        "cap": 1000,
        "cage": None,
    }
    (directory / "command.json").write_text(json.dumps(command))
    argv = [sys.executable, "-I", "-m", "bot.supervisor", str(directory)]
    both = [subprocess.Popen(argv, start_new_session=True) for _ in range(2)]
    assert [one.wait(20) for one in both] == [0, 0]
    assert tally.read_text() == "x\n"


def test_never_begun_is_told_from_lost(tmp_path: Path) -> None:
    directory = tmp_path / "attempt"
    assert supervise.status(directory).state is AttemptState.NOT_STARTED
    supervise.start(directory, sh("sleep 60", tmp_path), NO_CAGE)
    wait_for(directory / "tool")
    assert supervise.status(directory).state is AttemptState.RUNNING
    os.kill(json.loads((directory / "started").read_text())["pid"], signal.SIGKILL)
    os.killpg(int((directory / "tool").read_text()), signal.SIGKILL)
    assert supervise.wait(directory, never).state is AttemptState.LOST


@pytest.mark.parametrize(
    "otherwise", [{"boot": "another"}, {"since": "1"}, {"since": ""}, {"boot": "another", "since": "1"}]
)
def test_another_process_of_the_same_number_is_not_the_supervisor(tmp_path: Path, otherwise: dict[str, str]) -> None:
    ours = {"boot": supervisor.boot_id(), "pid": os.getpid(), "since": supervisor.start_time(os.getpid())}
    (tmp_path / "started").write_text(json.dumps(ours))
    assert supervise.status(tmp_path).state is AttemptState.RUNNING
    (tmp_path / "started").write_text(json.dumps(ours | otherwise))
    assert supervise.status(tmp_path).state is AttemptState.LOST


def test_it_goes_on_when_its_caller_is_killed(tmp_path: Path) -> None:
    directory = tmp_path / "attempt"
    code = (
        f"import sys; sys.path.insert(0, {str(TOP)!r})\n"
        "from pathlib import Path\nfrom bot import supervise\nfrom bot.ports import Invocation\n"
        "from tests.caging import NO_CAGE\n"
        f"d = Path({str(directory)!r})\n"
        "script = 'for i in 1 2 3 4 5; do echo $i; sleep 0.2; done'\n"
        f"supervise.start(d, Invocation(('sh', '-c', script), d.parent, {ENV!r}, None), NO_CAGE)\n"
        "supervise.wait(d, lambda: False)\n"
    )
    caller = subprocess.Popen([sys.executable, "-c", code])
    wait_for(directory / "tool")
    caller.send_signal(signal.SIGKILL)
    caller.wait()
    assert supervise.wait(directory, never) == supervise.AttemptStatus(AttemptState.ENDED, 0)
    assert (directory / supervise.OUTPUT).read_text() == "1\n2\n3\n4\n5\n"


def test_a_stop_interrupts_once(tmp_path: Path) -> None:
    directory = tmp_path / "attempt"
    script = "trap 'echo interrupted' INT; n=0; while [ $n -lt 15 ]; do sleep 0.1; n=$((n+1)); done; exit 4"
    supervise.start(directory, sh(script, tmp_path), NO_CAGE)
    wait_for(directory / "tool")
    time.sleep(0.3)
    assert supervise.wait(directory, lambda: True) == supervise.AttemptStatus(AttemptState.ENDED, 4)
    assert (directory / supervise.OUTPUT).read_text().count("interrupted") == 1


def test_output_past_the_cap_is_cut_but_for_its_last_words_and_the_tool_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervise, "OUTPUT_CAP", 100_000)
    directory = tmp_path / "attempt"
    supervise.start(directory, sh("yes word | head -c 50000000; sleep 0.5; echo last; exit 5", tmp_path), NO_CAGE)
    assert supervise.wait(directory, never).exit == 5
    text = (directory / supervise.OUTPUT).read_bytes()
    assert len(text) < 100_000 + supervisor.TAIL_BYTES + 1000
    assert text.startswith(b"word\n")
    assert supervisor.CUT_NOTE in text
    assert text.endswith(b"word\nlast\n")


def test_the_environment_is_left_on_no_disk(tmp_path: Path) -> None:
    directory = tmp_path / "attempt"
    supervise.start(directory, Invocation(("true",), tmp_path, ENV | {"SECRET": "hunter2hunter2"}, None), NO_CAGE)
    supervise.wait(directory, never)
    assert all(b"hunter2" not in path.read_bytes() for path in directory.iterdir())
    assert (directory.stat().st_mode & 0o777) == 0o700


def test_a_supervisor_that_cannot_begin_is_told_as_such(tmp_path: Path) -> None:
    directory = tmp_path / "attempt"
    directory.mkdir()
    (directory / "started.new").mkdir()  # what it must write first cannot be written
    with pytest.raises(ToolFailed, match="did not begin; nothing was changed"):
        supervise.start(directory, sh("touch changed", tmp_path), NO_CAGE)
    assert not (tmp_path / "changed").exists()
    assert supervise.status(directory).state is AttemptState.NOT_STARTED
