"""`gitops-bot plan [DIR…]`: plan directories here and now, without a forge. Never applies, leaves nothing behind."""

import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from bot.cli.call import Call
from bot.cli.plan import reports
from bot.cli.usage import INTERRUPTED, Subcommands, Usage

if TYPE_CHECKING:
    from bot.cli.plan.outcome import Outcome

USAGE = Usage(
    summary="plan directories here and now, without a forge",
    text="""
    Plans directories of a working copy as it is, committed or not, and shows what an apply would change. It
    works in a copy of the whole repository (found upward by .git; otherwise of the directory), so ../modules
    are found and nothing is left behind. Where gitops.yaml at the repository's top lists the directory, its
    var_files, backend_config, binary, version and workspace are used. Nothing is ever applied.

    Tools get PATH, LANG, TZ and the variables that GITOPS_BOT_TOOL_ENV names, as on the server: name TF_VAR_…
    and credentials there, and HOME if they lie in yours.

    As a step of a pipeline it reports to programs (--json), to people (--markdown) and to the pipeline
    (--junit); several projects exit with the worst of their codes: 1, then 3, then 2, then 0.
    """,
    exits={
        0: "nothing to change",
        1: "failed: the tool's first errors are shown",
        2: "there are changes",
        3: "refused: no such directory, nothing to plan in it, a wrong gitops.yaml or setting, a locked state",
        130: "interrupted",
    },
    example="GITOPS_BOT_TOOL_ENV=TF_VAR_region,AWS_PROFILE,HOME gitops-bot plan infra/network -w staging",
)


def declare(commands: Subcommands) -> None:
    """Add the command."""
    options = commands.add("plan", USAGE)
    options.add_argument("dir", nargs="*", type=Path, help="the directories (default: here)")
    options.add_argument("--all", action="store_true", help="every project of the repository")
    options.add_argument("-w", "--workspace", metavar="NAME", help="its workspace (default: gitops.yaml's, or default)")
    options.add_argument("--json", action="store_true", help="for programs: changes, outputs, notices, counts")
    reports.add_options(options)


def run(call: Call) -> int:
    """Plan each target and print it; the worst one's status. Raises Refused before anything is planned."""
    from bot.cli.plan import planning
    from bot.cli.plan.outcome import status

    reports.refuse_unusable(call)
    targets = planning.list_targets(call)
    interrupted = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: interrupted.set())
    is_single, outcomes = len(targets) == 1 and not call.options["all"], []
    for outcome in planning.plan_targets(call, targets, interrupted.is_set):
        if interrupted.is_set():
            continue
        outcomes.append(outcome)
        _show(call, outcome, is_single)
    if interrupted.is_set():
        return INTERRUPTED
    if call.options["json"]:
        call.json(outcomes[0].as_json() if is_single else [outcome.as_json() for outcome in outcomes])
    reports.report_plans(call, outcomes)
    return status(outcomes)


def _show(call: Call, outcome: "Outcome", is_single: bool) -> None:
    """What a terminal shows of it; where standard output belongs to a report, only what went wrong."""
    from bot.cli.plan.terminal import show

    name = outcome.project.name
    if outcome.content is None:
        call.complain(outcome.note if is_single else f"{name}: {outcome.note}", outcome.first_errors)
    elif not reports.owns_stdout(call):
        show(call.out, outcome.content, "" if is_single else name)
