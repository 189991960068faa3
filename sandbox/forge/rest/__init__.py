"""GitHub's REST API as far as the bot and the people of the demo need it, under /api/v3. One file a subject."""

from sandbox.forge.rest import apps, checks, comments, commits, hooks, pulls, repositories
from sandbox.forge.rest.shared import rest

__all__ = ["apps", "checks", "comments", "commits", "hooks", "pulls", "repositories", "rest"]
