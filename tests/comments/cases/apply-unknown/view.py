"""A worker died and nobody can tell: said in plain words, with what to do."""

from bot.core.run import State
from tests.comments.building import apply, content, create, project

VIEW = apply(
    project(
        "network",
        content(create("terraform_data.subnet")),
        State.UNKNOWN,
        note="nobody can tell how this apply ended; look at the infrastructure, then `/plan`",
    ),
    state=State.UNKNOWN,
    next=(("/plan", "plans again what did not end well"),),
)
