"""gitops.yaml has mistakes: nothing was planned, and every mistake is named."""

from bot.core.run import State
from tests.comments.building import plan

NOTE = """gitops.yaml has 2 mistakes
line 4, `projects[0].dirr`: there is no such key; did you mean `dir`?
line 9, `projects[1].apply`: must be one of comment, approval, merge"""

VIEW = plan(state=State.REFUSED, note=NOTE, next=(("/plan", "plans again"),))
