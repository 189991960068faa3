"""A user of its own for each run: it reaches what was granted, and nobody else gets anywhere by it."""

import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.cage.run_user import FIRST_UID, UIDS, WAY_GID, grant, require_reachable, run_user
from bot.core.errors import ToolFailed
from bot.ports.cage import Reach
from tests.cage.launching import ORDINARY, PYTHON

UID = FIRST_UID + 77
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")


@pytest.fixture
def top() -> Iterator[Path]:
    """A private folder with a store, a run's checkout and scratch, and the same of another run."""
    top = Path(tempfile.mkdtemp(prefix="gitops-bot-data-", dir="/tmp"))
    (top / "store.sqlite").write_text("store")
    for run in ("a", "b"):
        for folder in (top / "checkouts" / run / "infra" / ".terraform", top / "scratch" / run / "row"):
            folder.mkdir(parents=True)
        (top / "checkouts" / run / "infra" / "main.tf").write_text("checkout")
        (top / "scratch" / run / "row" / "plan").write_text("scratch")
        (top / "scratch" / run / "row" / "plan").chmod(0o600)
        (top / "scratch" / run).chmod(0o700)
        (top / "scratch" / run / "row").chmod(0o700)
    yield top
    shutil.rmtree(top)


def _reach(top: Path, run: str = "a") -> Reach:
    checkout, scratch = top / "checkouts" / run, top / "scratch" / run / "row"
    return Reach((checkout,), (scratch, checkout / "infra" / ".terraform"), network=False)


def _can(uid: int, groups: list[int], statement: str) -> bool:
    """Whether the user can do it; by modes alone, without Landlock."""
    program = f"import os; from pathlib import Path; {statement}"
    who = [f"--reuid={uid}", f"--regid={uid}", f"--groups={','.join(map(str, groups))}" if groups else "--clear-groups"]
    argv = ["setpriv", *who, PYTHON, "-I", "-c", program]
    return subprocess.run(argv, capture_output=True, check=False).returncode == 0


@as_root
def test_a_run_reads_and_writes_what_is_granted(top: Path) -> None:
    grant(UID, _reach(top), top)
    checkout, scratch = top / "checkouts/a/infra", top / "scratch/a/row"
    assert _can(UID, [WAY_GID], f"assert Path('{checkout}/main.tf').read_text() == 'checkout'")
    assert _can(UID, [WAY_GID], f"assert Path('{scratch}/plan').read_text() == 'scratch'")
    assert _can(UID, [WAY_GID], f"Path('{scratch}/new').write_text('x'); os.rename('{scratch}/new', '{scratch}/plan')")
    assert _can(UID, [WAY_GID], f"Path('{checkout}/.terraform/x').write_text('x')")
    assert not _can(UID, [WAY_GID], f"Path('{checkout}/main.tf').write_text('x')")
    assert not _can(UID, [WAY_GID], f"Path('{checkout}/main.tf').chmod(0o777)")
    assert not _can(UID, [WAY_GID], f"Path('{top}/store.sqlite').write_text('x')")
    assert not _can(UID, [WAY_GID], f"os.listdir('{top}')")


@as_root
def test_other_users_of_the_machine_get_nowhere(top: Path) -> None:
    for run in ("a", "b"):
        grant(run_user(run), _reach(top, run), top)
    for path in ("store.sqlite", "checkouts/a/infra/main.tf", "scratch/a/row/plan"):
        assert not _can(ORDINARY, [], f"Path('{top}/{path}').stat()")
    assert not _can(run_user("b"), [WAY_GID], f"os.listdir('{top}/scratch/a/row')")
    assert not _can(run_user("b"), [WAY_GID], f"Path('{top}/scratch/a/row/plan').read_text()")


@as_root
def test_private_files_to_read_are_shown_to_the_run_alone(top: Path) -> None:
    folder = top / "credentials"
    (folder / "deep").mkdir(parents=True, mode=0o700)
    (folder / "deep" / "kubeconfig").write_text("x")
    (folder / "deep" / "kubeconfig").chmod(0o600)
    (folder / "deep" / "program").write_text("x")
    (folder / "deep" / "program").chmod(0o700)
    (folder / "link").symlink_to("/etc/shadow")
    folder.chmod(0o700)
    (folder / "deep").chmod(0o700)
    shadow = os.stat("/etc/shadow")
    for _ in range(2):
        grant(UID, Reach((folder,), (), network=False), top)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (folder / "deep").iterdir()}
    assert modes == {"kubeconfig": 0o640, "program": 0o750}
    assert _can(UID, [WAY_GID], f"open('{folder}/deep/kubeconfig')")
    assert not _can(UID, [WAY_GID], f"open('{folder}/deep/kubeconfig', 'w')")
    assert not _can(UID + 1, [WAY_GID], f"open('{folder}/deep/kubeconfig')")
    assert (os.stat("/etc/shadow").st_gid, os.stat("/etc/shadow").st_mode) == (shadow.st_gid, shadow.st_mode)


@as_root
def test_what_we_write_between_two_programs_is_granted_to_the_second(top: Path) -> None:
    grant(UID, _reach(top), top)
    (top / "scratch/a/row/more").write_text("x")
    (top / "scratch/a/row/more").chmod(0o600)
    grant(UID, _reach(top), top)
    assert _can(UID, [WAY_GID], f"open('{top}/scratch/a/row/more', 'a')")


@as_root
def test_links_out_of_a_folder_give_nothing_away(top: Path) -> None:
    scratch = top / "scratch/a/row"
    os.link(top / "store.sqlite", scratch / "second-name")
    os.symlink(top / "store.sqlite", scratch / "link")
    os.symlink(top / "checkouts", scratch / "folder")
    grant(UID, _reach(top), top)
    assert os.stat(top / "store.sqlite").st_uid == 0
    assert os.stat(top / "checkouts").st_uid == 0
    assert os.lstat(scratch / "link").st_uid == UID


@as_root
def test_nothing_above_our_own_folder_changes(top: Path) -> None:
    outer, inner = top / "checkouts", top / "checkouts" / "a"
    outer.chmod(0o700)
    reach = Reach((Path("/usr"), top / "store.sqlite"), (inner, Path("/dev/null")), network=False)
    before = [path.stat() for path in (top, outer, Path("/dev/null"), Path("/usr"), top / "store.sqlite")]
    grant(UID, reach, inner)
    after = [path.stat() for path in (top, outer, Path("/dev/null"), Path("/usr"), top / "store.sqlite")]
    assert [(s.st_mode, s.st_uid, s.st_gid) for s in before] == [(s.st_mode, s.st_uid, s.st_gid) for s in after]


@as_root
def test_a_file_of_the_operators_that_is_closed_to_runs_is_told_with_what_opens_it(top: Path) -> None:
    private = top / "operator"
    private.mkdir(mode=0o700)
    kubeconfig = private / "kubeconfig"
    kubeconfig.write_text("x")
    kubeconfig.chmod(0o600)
    top.chmod(0o755)
    for place in (private, kubeconfig):
        with pytest.raises(ToolFailed, match=f"since {place} is closed to them") as refusal:
            require_reachable(UID, (Path("/no/such/file"), Path("/etc/passwd"), kubeconfig))
        assert not _can(UID, [WAY_GID], f"open('{kubeconfig}')")
        [_, command, _] = str(refusal.value).split("`")
        subprocess.run(["sh", "-c", command], check=True)
    require_reachable(UID, (kubeconfig,))
    assert _can(UID, [WAY_GID], f"open('{kubeconfig}')")
    assert not _can(ORDINARY, [], f"open('{kubeconfig}')")


@as_root
def test_what_was_granted_is_reachable(top: Path) -> None:
    reach = _reach(top)
    with pytest.raises(ToolFailed):
        require_reachable(UID, reach.write)
    grant(UID, reach, top)
    require_reachable(UID, (*reach.read, *reach.write))


def test_a_run_keeps_its_user_and_it_is_nobody_of_the_machine() -> None:
    uids = [run_user(f"run-{number}") for number in range(500)]
    assert uids == [run_user(f"run-{number}") for number in range(500)]
    assert len(set(uids)) > 480
    assert all(FIRST_UID <= uid < FIRST_UID + UIDS for uid in uids)
    assert not {user.pw_uid for user in pwd.getpwall()} & set(uids)
