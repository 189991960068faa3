"""`gitops-bot plan [DIR]`: plan a directory here and now, without a forge. Never applies, leaves nothing behind."""

import dataclasses
import signal
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from bot.cli import lent, working_copy
from bot.cli.call import Call
from bot.cli.usage import CHANGES, GOOD, INTERRUPTED, Commands, Usage
from bot.core.errors import Refused, ToolFailed

if TYPE_CHECKING:
    from bot.core.plan import Content
    from bot.core.project import Configuration, Project
    from bot.ports import Site, Tool

FIRST_LINES = 25
USAGE = Usage(
    summary="plan a directory here and now, without a forge",
    text="""
    Plans a directory of a working copy as it is, committed or not, and shows what an apply would change. It
    works in a copy of the whole repository (found upward by .git; otherwise of the directory), so ../modules
    are found and nothing is left behind. Where gitops.yaml at the repository's top lists the directory, its
    var_files, backend_config, binary, version and workspace are used. Nothing is ever applied.

    Tools get PATH, LANG, TZ and the variables that GITOPS_BOT_TOOL_ENV names, as on the server: name TF_VAR_…
    and credentials there, and HOME if they lie in yours.
    """,
    exits={
        0: "nothing to change",
        1: "failed: the tool's first errors are shown",
        2: "there are changes",
        3: "refused: no such directory, nothing to plan in it, a wrong gitops.yaml or setting, a locked state",
    },
    example="GITOPS_BOT_TOOL_ENV=TF_VAR_region,AWS_PROFILE,HOME gitops-bot plan infra/network -w staging",
)


def declare(commands: Commands) -> None:
    options = commands.add("plan", USAGE)
    options.add_argument("dir", nargs="?", type=Path, default=Path("."), help="the directory (default: here)")
    options.add_argument("-w", "--workspace", metavar="NAME", help="its workspace (default: gitops.yaml's, or default)")
    options.add_argument("--json", action="store_true", help="for programs: changes, outputs, notices, counts")


def run(call: Call) -> int:
    from bot.cli.shown import show

    directory = _directory(call)
    interrupted = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: interrupted.set())
    try:
        content = _planned(call, directory, interrupted.is_set)
    except ToolFailed as why:
        if interrupted.is_set():
            return INTERRUPTED
        raise ToolFailed(str(why), _first_errors(why.output) + lent.hint(call)) from why
    if call.options["json"]:
        call.json(dataclasses.asdict(content))
    else:
        show(call.out, content)
    return CHANGES if not content.counts.empty or content.counts.rendered else GOOD


def _planned(call: Call, directory: Path, stopped: Callable[[], bool]) -> "Content":
    top = working_copy.top_of(directory)
    configuration = working_copy.configuration(top)
    project = _project(call, configuration, directory.relative_to(top).as_posix())
    with tempfile.TemporaryDirectory(prefix="gitops-bot-plan-", ignore_cleanup_errors=True) as scratch:
        room = Path(scratch).resolve()
        working_copy.copied(top, room / "root", frozenset({room, call.settings.data_dir.resolve()}))
        project, tool = _with_tool(call, project, room / "root")
        call.progress(f"planning {directory} in workspace {project.workspace}…")
        site = _site(call, configuration, project, room, stopped)
        state = lent.state(directory, site.kept)
        content = tool.plan(site).content
    keeps_state = project.tool == "terraform" and content.notes
    return dataclasses.replace(content, notes=(*content.notes, state)) if keeps_state else content


def _directory(call: Call) -> Path:
    """Raises Refused where it is none."""
    named = call.options["dir"]
    directory: Path = (call.cwd / named).resolve()
    if not directory.exists():
        raise Refused(f"there is no directory {named}")
    if not directory.is_dir():
        raise Refused(f"{named} is a file: name the directory that it is in")
    return directory


def _project(call: Call, configuration: "Configuration | None", directory: str) -> "Project":
    """What gitops.yaml says of the directory in the workspace asked for, or what can be said of any."""
    from bot.core.project import Project

    asked = call.options["workspace"]
    listed = configuration.projects if configuration else ()
    here = {project.workspace: project for project in listed if project.dir == directory}
    if not here:
        return Project(directory, directory, asked or "default", tool="")
    if asked is None:
        asked = next(iter(here)) if len(here) == 1 else "default"
    if asked not in here:
        raise Refused(f"gitops.yaml has {directory} in workspace {' and '.join(sorted(here))}: choose one with -w")
    return here[asked]


def _with_tool(call: Call, project: "Project", root: Path) -> "tuple[Project, Tool]":
    """The project with the tool that it names, or that recognises its files. Raises Refused where none does."""
    from bot.wiring import found_tools

    tools = found_tools(call.settings)
    tree = working_copy.WorkingTree(root)
    known = {name: tool.recognises(tree, project.dir) for name, tool in tools.items()}
    name = project.tool or max(known, key=lambda name: known[name])
    if name not in tools:
        raise Refused(f"there is no tool `{name}`: gitops.yaml may name {', '.join(tools)}")
    if not known[name]:
        raise Refused(f"nothing to plan in {call.options['dir']}: it holds no .tf file, nor anything of another tool")
    return dataclasses.replace(project, tool=name), tools[name]


def _site(
    call: Call, configuration: "Configuration | None", project: "Project", room: Path, stopped: Callable[[], bool]
) -> "Site":
    from bot.core.project import Configuration
    from bot.ports import Site

    known = configuration or Configuration()
    for name in ("scratch", "kept", "home"):
        (room / name).mkdir(mode=0o700)
    return Site(
        root=room / "root",
        project=project,
        scratch=room / "scratch",
        kept=room / "kept",
        log=room / "log",
        environment=lent.environment(call, room / "home"),
        timeout=call.settings.timeout.total_seconds(),
        stopped=stopped,
        rules=dict(known.rules).get(project.place, known.defaults),
        others=frozenset(other.dir for other in known.projects) - {project.dir},
    )


def _first_errors(output: str) -> str:
    """From the first error on, as much as is read at once."""
    lines = [line for line in output.rstrip().splitlines() if line.strip()]
    start = next((number for number, line in enumerate(lines) if "Error" in line), 0)
    return "".join(f"  {line}\n" for line in lines[start : start + FIRST_LINES])
