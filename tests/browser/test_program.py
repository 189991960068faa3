"""Where the browser of the tests comes from."""

from pathlib import Path

import pytest

from tests.browser.program import find, lack, main


def _program(path: Path, text: str = "#!/bin/sh\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def test_a_browser_is_the_one_named_then_the_one_on_path(tmp_path: Path) -> None:
    env = {"PATH": str(tmp_path / "path")}
    assert find(env) is None
    on_path = _program(tmp_path / "path/google-chrome")
    assert find(env) == on_path
    named = _program(tmp_path / "mine")
    assert find(env | {"GITOPS_BOT_BROWSER": str(named)}) == named


def test_one_that_is_named_and_not_there_is_said(tmp_path: Path) -> None:
    _program(tmp_path / "path/chromium")
    why = lack({"PATH": str(tmp_path / "path"), "GITOPS_BOT_BROWSER": "/none"})
    assert why == "no browser: GITOPS_BOT_BROWSER is /none, which cannot be run"


@pytest.mark.parametrize(("rig", "status"), [("", 0), ("no", 0), ("required", 1)])
def test_without_one_only_a_required_rig_fails(tmp_path: Path, rig: str, status: int, capsys) -> None:
    assert main({"PATH": str(tmp_path), "RIG": rig}) == status
    assert "are skipped" in capsys.readouterr().out


def test_debians_is_installed_where_there_is_none(tmp_path: Path) -> None:
    import os

    if os.geteuid():
        pytest.skip("only root installs")
    log, path = tmp_path / "log", tmp_path / "path"
    _program(path / "apt-get", f'#!/bin/sh\necho "$*" >> {log}\n[ "$2" = update ] || /bin/cp "$0" {path}/chromium\n')
    assert main({"PATH": str(path), "RIG": "required"}) == 0
    assert log.read_text().splitlines()[0] == "-qq update"
    assert "chromium" in log.read_text().splitlines()[1]
