"""One fails, what depends on it is not begun, a sibling is applied. Nothing is hidden, nothing is repeated."""

from bot.core.plan import Action
from bot.core.run import State
from tests.comments.building import apply, change, content, create, destroy, project

OUTPUT = """\
terraform_data.subnet: Modifying... [id=7c1d]
╷
│ Error: local-exec provisioner error
│
│   with terraform_data.subnet,
│   on main.tf line 7, in resource "terraform_data" "subnet":
│    7:   provisioner "local-exec" {
│
│ Error running command 'exit 1': exit status 1. Output:
╵
"""

VIEW = apply(
    project(
        "network",
        content(change("terraform_data.subnet", Action.UPDATE, "!  input = 1 -> 2")),
        State.FAILED,
        note="terraform apply failed: local-exec provisioner error, main.tf:7",
        output=OUTPUT,
    ),
    project("app", content(create("terraform_data.app")), State.SKIPPED, note="not begun: network did not go well"),
    project("shop", content(destroy("terraform_data.shop")), note="1 destroyed"),
    state=State.FAILED,
    notices=("The lock on network, app and shop is kept until they are applied and merged, or until `/unlock`.",),
    next=(("/plan", "plans again what did not end well"),),
)
