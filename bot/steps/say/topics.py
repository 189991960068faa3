"""Say something in the one comment of its topic: look for it, then write, unless it says that already."""

from bot.core.own_comment import OwnComment
from bot.core.pull import Repository
from bot.ports import Host


def say(
    host: Host, repository: Repository, number: int, topic: str, body: str, known_id: str | None = None
) -> OwnComment:
    """Write the pull's comment of that topic. `known_id` is where it was, which saves a look at the whole talk."""
    place = host.find_comment(repository, number, topic, known_id)
    if place.comment and place.comment.body == body:
        return place.comment
    return host.write_comment(repository, number, topic, body, place)
