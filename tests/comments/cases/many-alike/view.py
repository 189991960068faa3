"""Sixty projects of which most get the same diff: told once, and one row for those that read the same."""

from bot.core.gate_case import Demand
from bot.core.plan import Action
from tests.comments.building import change, content, create, destroy, plan, project

TAG = change("aws_s3_bucket.logs", Action.UPDATE, "!  tags = {", '+    "owner" = "platform"', "!  }")

VIEW = plan(
    *(project(f"accounts/{number:03}", content(TAG)) for number in range(1, 49)),
    *(
        project(f"regions/{name}", content(TAG, create("aws_kms_key.logs", "rotation = true")))
        for name in ("eu", "us", "ap")
    ),
    project("accounts/legacy", content(TAG, destroy("aws_s3_bucket.old_logs", 'bucket = "acme-old-logs"'))),
    *(project(f"apps/{number:02}", content()) for number in range(1, 9)),
    demands=(
        Demand(None, True, "the pull request is open"),
        *(
            Demand(f"accounts/{number:03}", False, "0 of 1 approvals", "let someone with write access approve it")
            for number in range(1, 49)
        ),
    ),
    next=(("/apply", "applies all of it"),),
)
