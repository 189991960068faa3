"""Which jobs an event promises. A delivery or comment id is the job's id, so a repetition finds the first."""

from bot.core import commands
from bot.core.event import Asked, Commented, Event, MergeGroup, PullChange, PullChanged, Pushed, Reviewed
from bot.core.job import Job
from bot.core.pull import Repository

PLANNED_ON = frozenset(
    {PullChange.OPENED, PullChange.PUSHED, PullChange.REOPENED, PullChange.READY, PullChange.RETARGETED}
)


def jobs_for(event: Event, delivery: str) -> tuple[Job, ...]:
    match event:
        case PullChanged(pull, change, sender) if change in PLANNED_ON:
            args = pull_args(pull.repository, pull.number) | {"asked_by": sender, "why": change.value}
            return (Job(f"plan:{delivery}", "plan", args),)
        case PullChanged(pull, PullChange.CLOSED, sender):
            return (Job(f"close:{delivery}", "close", pull_args(pull.repository, pull.number) | {"asked_by": sender}),)
        case Commented(repository, comment) if not comment.author_is_bot and commands.read(comment.body):
            return (command(repository, comment.id, comment.number),)
        case Reviewed(repository, number):
            return (Job(f"review:{delivery}", "review", pull_args(repository, number)),)
        case Pushed(repository, branch, _, sender):
            args = {"repository": repository.key, "branch": branch, "by": sender}
            return (Job(f"branch_pushed:{delivery}", "branch_pushed", args),)
        case MergeGroup(repository, sha):
            return (Job(f"merge_group:{delivery}", "merge_group", {"repository": repository.key, "sha": sha}),)
        case Asked(repository, number, kind, by):
            return (Job(f"{kind}:{delivery}", kind, pull_args(repository, number) | {"asked_by": by, "why": "shell"}),)
        case _:
            return ()


def command(repository: Repository, comment: int, number: int) -> Job:
    """The job that reads a comment's commands; webhook and sweep promise the same one."""
    return Job(
        f"comment:{repository.key}:{comment}", "command", pull_args(repository, number) | {"comment": str(comment)}
    )


def pull_args(repository: Repository, number: int) -> dict[str, str]:
    return {"repository": repository.key, "number": str(number)}
