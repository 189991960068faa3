"""Programs of ours that the bot starts hide themselves again, for starting a program ends what its parent hid."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bot import supervisor
from tests.process.ordinary_user import AS_NOBODY, await_reader, directory_with_pipe, environment_of, needs_root

ENV = {"PATH": "/usr/local/bin:/usr/bin:/bin", "PYTHONPATH": str(Path(__file__).resolve().parents[2]), "TOKEN": "x"}
CHILDREN = {
    "the supervisor of an apply": ("command.json", ["-I", supervisor.__file__, "."]),
    "what applies to a cluster": ("config.json", ["-P", "-m", "bot.kube.apply", "config.json"]),
}


@needs_root
@pytest.mark.parametrize("child", CHILDREN)
def test_before_it_reads_what_to_do_it_hides_itself(child: str) -> None:
    pipe, words = CHILDREN[child]
    with directory_with_pipe(pipe) as place:
        command = [*AS_NOBODY, sys.executable, *words]
        with subprocess.Popen(command, cwd=place, env=ENV, stderr=subprocess.PIPE) as process:
            writer = await_reader(process, place / pipe)
            assert environment_of(process.pid) == b""
            os.close(writer)  # nothing to do, so it fails
            assert b"JSONDecodeError" in process.communicate()[1]
