"""Which jobs an event promises. A delivery or comment id is the job's id, so a repetition finds the first."""

from bot.core import commands, promises
from bot.core.event import Commented, Event, JobRequested, MergeGroup, PullChange, PullChanged, Pushed, Reviewed
from bot.core.job import Job
from bot.core.keys import PullKey
from bot.core.trigger import Trigger, TriggerKind
from bot.core.vocabulary import Vocabulary

PLANNED_ON = {
    PullChange.OPENED: TriggerKind.OPENED,
    PullChange.PUSHED: TriggerKind.PUSHED,
    PullChange.REOPENED: TriggerKind.REOPENED,
    PullChange.READY: TriggerKind.READY,
    PullChange.RETARGETED: TriggerKind.RETARGETED,
}


def is_of_interest(event: Event) -> bool:
    """False for what never promises a job: a comment of a bot, as our own are."""
    return not (isinstance(event, Commented) and event.comment.author_is_bot)


def jobs_for(event: Event, delivery: str, vocabulary: Vocabulary) -> tuple[Job, ...]:
    """The jobs that an event promises; none where it is of no interest."""
    match event:
        case PullChanged(pull, change, sender) if change in PLANNED_ON:
            return (promises.plan(f"plan:{delivery}", pull.key, sender, Trigger(PLANNED_ON[change])),)
        case PullChanged(pull, PullChange.CLOSED, sender):
            return (promises.close(f"close:{delivery}", pull.key, sender),)
        case Commented(_, comment) if not comment.author_is_bot and commands.read(comment.body, vocabulary):
            return (promises.read_comment(comment.ref),)
        case Reviewed(repository, number):
            return (promises.review(f"review:{delivery}", PullKey.of(repository.key, number)),)
        case Pushed(repository, branch, sha, sender):
            return (promises.branch_pushed(delivery, repository.key, branch, sender, sha),)
        case PullChanged(pull, PullChange.DEQUEUED, _):
            return (promises.dequeued(delivery, pull.key),)
        case MergeGroup():
            return (promises.merge_group(delivery, event),)
        case JobRequested(repository, number, kind, login):
            return (promises.from_shell(kind, delivery, PullKey.of(repository.key, number), login),)
        case _:
            return ()
