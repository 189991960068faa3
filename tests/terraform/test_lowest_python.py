"""What init made is laid out by the lowest Python that there is here, such as Debian's own."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
LAY_OUT = """
import io, sys, tarfile
from pathlib import Path
from types import SimpleNamespace
from bot.tools.terraform import init_cache

blob = io.BytesIO()
with tarfile.open(fileobj=blob, mode="w") as archive:
    member = tarfile.TarInfo("modules/modules.json")
    member.size = 2
    archive.addfile(member, io.BytesIO(b"{}"))
top = Path(sys.argv[1])
prepared = SimpleNamespace(load=lambda fingerprint: blob.getvalue())
assert init_cache.restore(SimpleNamespace(directory=top), prepared, "", top / "data")
print((top / "data/modules/modules.json").read_text())
"""


def interpreters() -> list[str]:
    """Those of our minor version, for whose ABI the packages here were installed."""
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    paths = [sys.executable, shutil.which(name, path="/usr/bin"), shutil.which(name, path="/usr/local/bin")]
    return sorted({path for path in paths if path})


@pytest.mark.parametrize("interpreter", interpreters())
def test_what_init_made_is_laid_out(interpreter: str, tmp_path: Path) -> None:
    packages = [path for path in sys.path if path.endswith("site-packages")]
    environment = {"PYTHONPATH": ":".join([str(TOP), *packages]), "PYTHONDONTWRITEBYTECODE": "1"}
    argv = [interpreter, "-W", "error", "-c", LAY_OUT, str(tmp_path)]
    completed = subprocess.run(argv, env=environment, cwd=TOP, capture_output=True, text=True, check=False)
    assert completed.stdout == "{}\n", completed.stderr
