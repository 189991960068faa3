"""Someone asked for a plan of a pull request that touches no project."""

from tests.comments.building import plan

VIEW = plan(why="comment:12")
