"""What every program sees of the machine: enough to run, and nothing that is somebody's own."""

import os
import sys
from pathlib import Path

import pytest

from bot.cage.system_paths import covering, device_paths, system_paths

PATH = "/usr/local/bin:/usr/bin:/bin"


def test_the_machines_code_certificates_and_names_are_there() -> None:
    paths = {str(path) for path in system_paths(PATH)}
    assert paths >= {"/usr", "/bin", "/etc/passwd", "/etc/hosts", "/etc/ssl/certs"}
    assert all(path.exists() for path in system_paths(PATH))
    assert Path("/dev/null") in device_paths()


def test_nothing_is_somebodys_own() -> None:
    python = Path(sys.base_prefix)
    for private in ("/root", "/home", "/proc", "/sys", "/run", "/tmp", "/var/lib", "/etc/shadow", "/etc/ssl/private"):
        assert not [path for path in system_paths(PATH) if Path(private).is_relative_to(path) and path != python]


def test_a_directory_of_path_comes_with_what_its_links_lead_to(tmp_path: Path) -> None:
    programs, package = tmp_path / "bin", tmp_path / "package"
    programs.mkdir()
    package.mkdir()
    (package / "tool").write_text("")
    (programs / "tool").symlink_to("../package/tool")
    (programs / "dead").symlink_to("/no/such/tool")
    (programs / "near").symlink_to("tool")
    new = set(system_paths(f"{PATH}:{programs}")) - set(system_paths(PATH))
    assert new == {programs, package / "tool"}


def test_a_program_that_is_installed_later_is_seen(tmp_path: Path) -> None:
    programs, tool = tmp_path / "bin", tmp_path / "tool"
    programs.mkdir()
    tool.write_text("")
    os.utime(programs, (1, 1))
    assert tool not in system_paths(str(programs))
    (programs / "tool").symlink_to(tool)
    assert tool in system_paths(str(programs))


def test_a_virtual_environment_comes_whole(tmp_path: Path) -> None:
    (tmp_path / "venv" / "bin").mkdir(parents=True)
    (tmp_path / "venv" / "pyvenv.cfg").write_text("")
    assert tmp_path / "venv" in system_paths(str(tmp_path / "venv" / "bin"))


@pytest.mark.parametrize("path", ["", "bin", ".", "::", "/no/such/directory", "../bin"])
def test_a_relative_or_missing_directory_of_path_adds_nothing(path: str) -> None:
    assert system_paths(path) == system_paths("")


def test_a_folder_that_every_program_could_read_is_told(tmp_path: Path) -> None:
    assert covering(Path("/usr/share/gitops-bot"), PATH) == Path("/usr")
    assert covering(Path("/bin/data"), PATH) in (Path("/usr"), Path("/bin"))
    assert covering(Path("/var/lib/gitops-bot"), PATH) is None
    (tmp_path / "bin").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "bin")
    assert covering(tmp_path / "link" / "data", str(tmp_path / "bin")) == tmp_path / "bin"
