"""Everything git: mirrors, trees, merge results, work trees, reverts. Its content is hostile; its programs run bare."""

from bot.git.mirror import Mirror
from bot.git.tree import GitTree

__all__ = ["GitTree", "Mirror"]
