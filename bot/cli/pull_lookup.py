"""Pull requests as people name them at the shell: `owner/name#7`."""

from typing import TYPE_CHECKING

from bot.core.errors import Refused

if TYPE_CHECKING:
    import sqlalchemy as sa

    from bot.core.pull import Pull


def find_pull(tx: "sa.Connection", name: str) -> "Pull":
    """Raises Refused when there is no such pull request in the store."""
    from bot.store import pulls

    repository_name, _, number = name.rpartition("#")
    for repository in pulls.repositories(tx):
        if repository.name.lower() == repository_name.lower() and number.isdigit():
            pull = pulls.get(tx, f"{repository.key}#{number}")
            if pull:
                return pull
    raise Refused(f"no pull request {name} is known here; write it like acme/infra#7")
