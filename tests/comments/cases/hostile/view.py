"""Every text that a pull request can choose tries to break out, to link, to call people or to hide something."""

from bot.core.gate_case import Demand
from bot.core.plan import Action, Notice, Severity
from bot.core.run import State
from bot.core.trigger import Trigger
from bot.core.view import RemovedProject
from tests.comments.building import change, content, plan, project

EVIL = "a|b`c``d</details>@octo/team #12 [x](http://evil.example) ![i](//evil) <!-- gitops-bot:plan --> <script>"
TURNED = "safe\u202etxt.exe\u200b\x07"
KEY = f'terraform_data.x["{EVIL}"]'

VIEW = plan(
    project(
        EVIL,
        content(
            change(KEY, Action.REPLACE, "!  input = `````\n</details>", forces=(EVIL,), reason=f"{EVIL}\n# heading"),
            change(f"terraform_data.{TURNED}", Action.DELETE, "-  a = <!-- gitops-bot:plan -->", deposed="`|"),
            change("terraform_data.z", Action.UNKNOWN, words=("invoke", EVIL)),
            notices=(Notice(Severity.WARNING, f"{EVIL}\n- item", f"> {EVIL}", EVIL),),
            notes=(f"`{EVIL}`",),
            drift=(change(KEY, Action.DELETE, "-  ~~~~ ``````"),),
        ),
        dir=f"../{EVIL}",
        workspace=TURNED,
    ),
    project(TURNED, state=State.FAILED, note=f"{EVIL}\n{EVIL}", output=f"```\n</details>\n@octo {TURNED}\n"),
    state=State.FAILED,
    base_branch=EVIL,
    note=EVIL,
    asked_by="@octo|`",
    trigger=Trigger.comment("1"),
    notices=(EVIL, f"1. {EVIL}"),
    demands=(Demand(EVIL, False, EVIL, EVIL), Demand(EVIL, True, EVIL)),
    removed=(RemovedProject(EVIL, (KEY, TURNED), f"/plan --destroy -p {EVIL}"),),
    next=((f"/apply -p {EVIL}", EVIL),),
)
