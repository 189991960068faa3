"""A large estate's plan, time and peak memory, beside bare terraform: `python -m benchmarks.estate`.

So many `terraform_data` of 3 kB each are in the state, and the plan changes them all. Bare is
`init && plan -out && show -json >file`; ours plans through the tool's port, and makes of it what a database, a comment
and a page keep of it. Each is a process of its own, whose memory is what the kernel counted at most.
"""

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from uuid import UUID

from bot import templates
from bot.core.plan import Content
from bot.core.project import Project
from bot.ports import Site
from bot.store.columns import dump
from bot.tools.terraform import tool
from tests.caging import strongest_cage
from tests.comments.building import plan, project

COUNTS = (1_000, 10_000)
TEXT = "0123456789" * 300
MB = 1 << 20
PATH = f"{os.path.dirname(shutil.which('terraform') or '')}:/usr/bin:/bin"
ENVIRONMENT = {"PATH": PATH, "CHECKPOINT_DISABLE": "1", "TF_CLI_CONFIG_FILE": os.devnull}
CONFIGURATION = f"""resource "terraform_data" "x" {{
  count = %d
  input = "new ${{count.index}} {TEXT}"
}}
"""
COMMANDS = "terraform init -input=false >/dev/null && terraform plan -input=false -out=p >/dev/null"
TIMEOUT = 7200


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--ours", type=Path, help="plan the estate in this directory, in this process")
    parser.add_argument("--counts", type=int, nargs="+", default=COUNTS)
    asked = parser.parse_args()
    if asked.ours:
        print(json.dumps(_ours(asked.ours)))
        return
    for count in asked.counts:
        with tempfile.TemporaryDirectory(prefix="gitops-bot-bench-") as top:
            _compare(Path(top), count)


def _compare(top: Path, count: int) -> None:
    for name in ("bare", "ours"):
        _estate(top / name, count)
    began = time.monotonic()
    command = f"{COMMANDS} && terraform show -json p >shown.json"
    subprocess.run(["sh", "-c", command], cwd=top / "bare" / "root", env=ENVIRONMENT, check=True, timeout=TIMEOUT)
    bare = time.monotonic() - began
    shown = (top / "bare" / "root" / "shown.json").stat().st_size / MB
    argv = [sys.executable, "-m", "benchmarks.estate", "--ours", str(top / "ours")]
    ours = json.loads(subprocess.run(argv, capture_output=True, check=True, timeout=TIMEOUT).stdout)
    print(
        f"{count:,} objects, {shown:,.0f} MB of JSON: bare {bare:.1f} s, ours {ours['seconds']:.1f} s; "
        f"{ours['megabytes']:,.0f} MB at most beside terraform's {ours['terraform']:,.0f} MB; "
        f"kept: {ours['row']:.1f} MB in the database, {ours['comment']:.0f} kB of comment"
    )


def _ours(top: Path) -> dict[str, float]:
    """Seconds and MB of a plan in this process, and how large what is kept of it is."""
    (top / "scratch").mkdir(mode=0o700)
    site = Site(
        root=top / "root",
        project=Project("estate", "."),
        scratch=top / "scratch",
        state_dir=top / "root",
        log=top / "log",
        environment={"PATH": PATH, "HOME": str(top)},
        timeout=TIMEOUT,
        stopped=lambda: False,
        cage=strongest_cage(),
    )
    began = time.monotonic()
    content = tool(lambda _: {}).plan(site).content
    seconds = time.monotonic() - began
    row = dump(Content, content)
    comment = templates.plan_comment(plan(project("estate", content)))
    kilobytes = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    own, children = (number / 1024 for number in kilobytes)
    return {
        "seconds": seconds,
        "megabytes": own,
        "terraform": children,
        "row": len(row) / MB,
        "comment": len(comment) / 1024,
    }


def _estate(top: Path, count: int) -> None:
    """A root module and its local state, as if it had been applied: to apply so many takes terraform very long."""
    (top / "root").mkdir(parents=True)
    (top / "root" / "main.tf").write_text(CONFIGURATION % count)
    state = {
        "version": 4,
        "serial": 1,
        "lineage": str(UUID(int=1)),
        "resources": [
            {
                "mode": "managed",
                "type": "terraform_data",
                "name": "x",
                "provider": 'provider["terraform.io/builtin/terraform"]',
                "instances": [_instance(number) for number in range(count)],
            }
        ],
    }
    (top / "root" / "terraform.tfstate").write_text(json.dumps(state))


def _instance(number: int) -> dict[str, object]:
    text = {"value": f"old {number} {TEXT}", "type": "string"}
    attributes = {"id": str(UUID(int=number)), "input": text, "output": text, "triggers_replace": None}
    return {"index_key": number, "schema_version": 0, "attributes": attributes}


if __name__ == "__main__":
    main()
