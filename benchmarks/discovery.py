"""A pull request in a repository of 1,000 projects and 50,000 files: `python -m benchmarks.discovery`.

From webhook to finished comment, as `benchmarks.terraform` measures it, for pulls that change one project: the first,
for which the mirror is made, and those after.
"""

import tempfile
import time
from pathlib import Path

from benchmarks.terraform import PATH, bare, ours, project
from tests.staging import Stage

PROJECTS, FILES = 1000, 50


def repository() -> dict[str, str]:
    """Projects that use a module each, among files that are none of Terraform's business."""
    made = {}
    for number in range(PROJECTS):
        place = f"team{number % 20:02}/p{number:04}"
        made[f"{place}/main.tf"] = (
            project("before") + f'module "m" {{\n  source = "../../modules/m{number % 50:02}"\n}}\n'
        )
        made |= {f"{place}/notes/{page:02}.md": f"{number} {page}\n" for page in range(FILES - 1)}
    return made | {f"modules/m{number:02}/main.tf": project("module") for number in range(50)}


def main() -> None:
    with tempfile.TemporaryDirectory() as place:
        top = Path(place)
        with Stage(top / "stage", {"SWEEP_EVERY": "10m"}, path=PATH) as stage:
            clone = stage.clone()
            began = time.monotonic()
            everything = repository()
            stage.alice.push(clone, everything, "main", "Begin")
            print(f"{PROJECTS} projects, {len(everything)} files: pushed in {time.monotonic() - began:.1f} s")
            took = min(bare(top / f"bare-{turn}", 1) for turn in range(3))
            for turn in range(4):
                change = {f"team0{turn}/p{turn:04}/main.tf": project(f"after {turn}")}
                mine, requests = ours(stage, clone, change, f"b{turn}", "1 to create")
                which = "the first" if turn == 0 else "the next"
                print(f"{which}: {mine:.2f} s, bare {took:.2f} s, {requests} requests")
            change = {"modules/m07/main.tf": project("after")}
            mine, requests = ours(stage, clone, change, "module", "20 projects")
            print(f"a module that 20 projects use: {mine:.2f} s, {requests} requests")


if __name__ == "__main__":
    main()
