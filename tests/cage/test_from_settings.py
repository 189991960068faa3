"""What the operator's settings make of the cage, and what of them is refused."""

import os
from pathlib import Path

import pytest

from bot.cage.cages import kind_names
from bot.cage.from_settings import load_cages, local_cages
from bot.config.cage_settings import CageSettings
from bot.core.errors import Refused

CAGES = sorted(set(kind_names()) - {"none"})


def environment(folder: Path) -> dict[str, str]:
    """A PATH that ends with this folder, in which there is a virtual environment."""
    (folder / "bin").mkdir(parents=True)
    (folder / "pyvenv.cfg").write_text("")
    return {"PATH": f"{os.defpath}:{folder}/bin"}


@pytest.mark.parametrize("kind", CAGES)
def test_a_folder_of_ours_that_every_program_could_read_is_refused(tmp_path: Path, kind: str) -> None:
    path = environment(tmp_path / "installed")
    (tmp_path / "link").symlink_to(tmp_path / "installed")
    for place in ("installed/data", "installed", "link/data"):
        with pytest.raises(Refused, match=r"DATA_DIR .* lies in .*/installed, where .* put it elsewhere"):
            load_cages(CageSettings(kind=kind), tmp_path / place, path)
    assert load_cages(CageSettings(kind=kind), tmp_path / "data", path).kind == kind


def test_without_a_cage_and_for_a_callers_own_code_it_is_as_they_like(tmp_path: Path) -> None:
    path = environment(tmp_path / "installed")
    assert load_cages(CageSettings(kind="none"), tmp_path / "installed", path).kind == "none"
    assert local_cages(CageSettings(), Path("/usr/src/acme")).kind == "none"
    for kind in CAGES:
        assert local_cages(CageSettings(kind=kind), Path("/usr/src/acme")).kind == kind
