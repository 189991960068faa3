"""Say something in the one comment of its topic: look for it, then write, unless it says that already."""

from bot.core.own_comment import OwnComment, end_of
from bot.core.pull import Repository
from bot.ports import Host


def say(
    host: Host, repository: Repository, number: int, topic: str, body: str, known_id: str | None = None
) -> OwnComment:
    """Write the pull's comment of that topic. `known_id` is where it was, which saves a look at the whole talk."""
    place = host.find_comment(repository, number, topic, known_id)
    if place.comment and stays(place.comment, body):
        return place.comment
    return host.write_comment(repository, place, body)


def stays(comment: OwnComment, body: str) -> bool:
    """The comment says that already, or tells of another end: a store that was put back from a copy knows less."""
    end = end_of(comment.body)
    return comment.body == body or (end is not None and end != end_of(body))
