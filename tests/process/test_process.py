"""The door to other programs, with real ones."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bot import process, run_log
from bot.core.errors import ToolFailed
from bot.launch import UNCONFINED
from bot.run_log import LONG_LINE_NOTE, Log
from tests.sandbox.running import until

ENV = {"PATH": "/usr/local/bin:/usr/bin:/bin"}
TOP = Path(__file__).resolve().parents[2]


def run(script: str, tmp_path: Path, **more: object) -> process.Completed:
    more = {"confinement": UNCONFINED, "cwd": tmp_path, "env": ENV, "timeout": 20.0} | more
    return process.run(["sh", "-c", script], **more)  # type: ignore[arg-type]  # options by name


def test_output_exit_and_log_are_kept_apart(tmp_path: Path) -> None:
    log = tmp_path / "log"
    done = run("echo out; echo err >&2; exit 3", tmp_path, log=Log(log, str))
    assert (done.exit, done.stdout, done.stderr) == (3, "out\n", "err\n")
    assert sorted(log.read_text().splitlines()) == ["err", "out"]


def test_a_program_gets_the_environment_it_was_given_and_nothing_else(tmp_path: Path) -> None:
    os.environ["LEAK"] = "x"
    try:
        done = process.run(["env"], confinement=UNCONFINED, cwd=tmp_path, env=ENV | {"A": "1"}, timeout=5)
    finally:
        del os.environ["LEAK"]
    assert set(line.partition("=")[0] for line in done.stdout.splitlines()) <= {"A", "PATH", "PWD", "SHLVL", "_"}


def test_long_output_is_cut_and_never_holds_the_program_up(tmp_path: Path) -> None:
    done = run(
        "head -c 3000000 /dev/zero | tr '\\0' x; head -c 3000000 /dev/zero | tr '\\0' y >&2", tmp_path, limit=1000
    )
    assert done.exit == 0
    assert len(done.words) < 2100
    assert "cut" in done.words


def test_of_long_output_the_last_words_are_kept(tmp_path: Path) -> None:
    done = run("echo first; head -c 3000000 /dev/zero | tr '\\0' x; echo; echo last", tmp_path, limit=1000)
    assert done.words.startswith("first\n")
    assert done.words.endswith("\nlast\n")


def test_data_is_whole_or_an_error(tmp_path: Path) -> None:
    printed = run("head -c 1001 /dev/zero", tmp_path, limit=1000)
    with pytest.raises(ToolFailed, match="^sh printed 1,001 bytes, of which only 1,000 bytes can be read$"):
        printed.stdout_bytes  # noqa: B018
    assert len(run("head -c 1000 /dev/zero", tmp_path, limit=1000).stdout_bytes) == 1000
    ended = run("echo a part; exec sleep 60", tmp_path, timeout=0.5)
    with pytest.raises(ToolFailed, match="ended before it was done"):
        ended.stdout  # noqa: B018


def test_what_is_cut_from_words_are_whole_lines(tmp_path: Path) -> None:
    words = run("yes the-secret-word | head -n 100000", tmp_path, limit=1000).words
    assert {line for line in words.splitlines() if "cut" not in line} == {"the-secret-word"}


def test_output_goes_to_a_file_that_nobody_else_can_read(tmp_path: Path) -> None:
    file = tmp_path / "output"
    assert run("yes x | head -c 3000000", tmp_path, stdout=file).words == ""
    assert (file.stat().st_size, file.stat().st_mode & 0o777) == (3_000_000, 0o600)
    printed = run("yes x | head -c 3000000", tmp_path, stdout=file, limit=1000)
    assert (printed.exit, file.stat().st_size) == (0, 1000)
    with pytest.raises(ToolFailed, match=r"printed 2.9 MB"):
        printed.require_whole()


def test_a_full_disk_is_said_when_the_program_has_ended(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No space left"):
        run("yes x | head -c 3000000; echo done > ended", tmp_path, stdout=Path("/dev/full"))
    assert (tmp_path / "ended").exists()


def test_a_log_is_cut_with_a_note_and_the_program_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_log, "LOG_LIMIT", 100_000)
    log = tmp_path / "log"
    done = run("yes a line | head -c 3000000; echo last", tmp_path, log=Log(log, str))
    assert done.stdout.endswith("last\n")
    assert log.stat().st_size < 101_000
    assert "cut" in log.read_text()


def test_a_log_gets_whole_lines_as_they_come_however_they_are_written(tmp_path: Path) -> None:
    log, go = tmp_path / "log", tmp_path / "go"
    script = (
        "printf 'begin\\na sec'; sleep 0.2; printf 'ret\\n'; "
        f"while ! [ -e {go} ]; do sleep 0.05; done; printf 'no line feed: a sec'; sleep 0.2; printf ret"
    )
    seen: list[str] = []

    def hidden(lines: str) -> str:
        return lines.replace("secret", "*")

    def looked() -> bool:
        seen.append(log.read_text() if log.exists() else "")
        if seen[-1] == "begin\na *\n":
            go.touch()
        return False

    run(script, tmp_path, log=Log(log, hidden), stopped=looked)
    assert go.exists()
    assert log.read_text() == "begin\na *\nno line feed: a *"
    assert not [text for text in seen if "sec" in text]


def test_a_line_that_is_too_long_is_left_out_of_the_log_whole(tmp_path: Path) -> None:
    log = tmp_path / "log"
    run("echo first; head -c 3000000 /dev/zero | tr '\\0' x; echo; echo last", tmp_path, log=Log(log, str))
    assert log.read_text() == f"first\n{LONG_LINE_NOTE}last\n"


def test_a_log_that_cannot_be_written_does_not_end_the_program(tmp_path: Path) -> None:
    done = run(
        "head -c 3000000 /dev/zero | tr '\\0' x; echo last", tmp_path, log=Log(tmp_path / "nowhere" / "log", str)
    )
    assert (done.exit, len(done.stdout)) == (0, 3_000_005)


@pytest.mark.parametrize("how", ["timeout", "stopped"])
@pytest.mark.timeout(60)
def test_time_out_and_stop_end_the_whole_group(tmp_path: Path, how: str) -> None:
    pids = tmp_path / "pids"
    script = f"sleep 600 & echo $$ $! > {pids}.new; mv {pids}.new {pids}; sleep 600"
    more: dict[str, object] = {"timeout": 3} if how == "timeout" else {"timeout": 600, "stopped": pids.exists}
    done = run(script, tmp_path, **more)
    assert done.exit is None
    assert (done.timed_out, done.stopped) == (how == "timeout", how == "stopped")
    until(lambda: not any(map(_lives, map(int, pids.read_text().split()))))


def test_a_program_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(ToolFailed, match="no-such-program"):
        process.run(["no-such-program"], confinement=UNCONFINED, cwd=tmp_path, env=ENV, timeout=5)


def test_a_plan_dies_with_the_bot(tmp_path: Path) -> None:
    code = (
        f"import sys; sys.path.insert(0, {str(TOP)!r})\n"
        "from pathlib import Path\nfrom bot import process\nfrom bot.launch import UNCONFINED\n"
        f"where, env = Path({str(tmp_path)!r}), {ENV!r}\n"
        "process.run(['sh', '-c', 'echo $$ > pid; exec sleep 60'],"
        " confinement=UNCONFINED, cwd=where, env=env, timeout=60)\n"
    )
    bot = subprocess.Popen([sys.executable, "-c", code])
    pid = tmp_path / "pid"
    until(lambda: pid.exists() and pid.read_text().strip())
    bot.send_signal(signal.SIGKILL)
    bot.wait()
    until(lambda: not _lives(int(pid.read_text())))


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.skipif(os.getuid() != 0, reason="needs root, to become two processes of another user")
def test_a_concealed_process_cannot_be_read_by_others_of_its_user() -> None:
    program = (
        "import sys; from bot.process import protect_memory; "
        "sys.argv[1:] and protect_memory(); print(1, flush=True); input()"
    )
    for words, readable in (([], True), (["conceal"], False)):
        who = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--"]
        child = subprocess.Popen(
            [*who, sys.executable, "-c", program, *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={"TOKEN": "x", "PYTHONPATH": str(TOP)},
        )
        assert child.stdout
        assert child.stdout.readline() == b"1\n"
        read = subprocess.run([*who, "cat", f"/proc/{child.pid}/environ"], capture_output=True, check=False)
        child.communicate(b"\n")
        assert (b"TOKEN" in read.stdout) is readable
