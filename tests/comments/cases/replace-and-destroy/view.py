"""What a reviewer must not miss: a database that is replaced, a bucket that goes. Every kind of change is there."""

from bot.core.gate_case import Demand
from bot.core.plan import Action, Notice, Severity
from bot.core.view import RemovedProject
from tests.comments.building import change, content, create, destroy, plan, project

DATABASE = change(
    "aws_db_instance.orders",
    Action.REPLACE,
    '!  engine_version = "14.9" -> "15.4"  # forces replacement',
    '!  endpoint       = "orders.c1x.eu-west-1.rds.amazonaws.com" -> (known after apply)',
    "   # (31 unchanged attributes hidden)",
    forces=("engine_version",),
)
GROUP = change(
    "aws_security_group.orders",
    Action.UPDATE,
    "!  ingress = [",
    '+    "10.0.4.0/24",',
    "     # (2 unchanged elements hidden)",
    "!  ]",
)
MOVED = change("module.orders.aws_iam_role.reader", Action.MOVE, moved_from="aws_iam_role.reader")
IMPORTED = change("aws_route53_zone.orders", Action.IMPORT, import_id="Z0123456789")
FORGOTTEN = change("aws_cloudwatch_log_group.legacy", Action.FORGET, reason="no longer in the configuration")
ENDPOINT = change("endpoint", Action.UPDATE, '!  endpoint = "orders.c1x…" -> (known after apply)')
BY_HAND = change("aws_security_group.orders", Action.UPDATE, '!  description = "orders" -> "orders, edited by hand"')

VIEW = plan(
    project(
        "dev/app",
        content(create('aws_instance.web["blue"]', 'ami           = "ami-0c55b159"', 'instance_type = "t3.micro"')),
    ),
    project("docs", content()),
    project(
        "prod/db",
        content(
            create("aws_db_parameter_group.orders", 'family = "postgres15"'),
            MOVED,
            IMPORTED,
            FORGOTTEN,
            GROUP,
            DATABASE,
            destroy("aws_s3_bucket.exports_2019", 'acl    = "private"', 'bucket = "acme-exports-2019"'),
            outputs=(ENDPOINT,),
            drift=(BY_HAND,),
            notices=(
                Notice(Severity.WARNING, "Argument is deprecated", "Use aws_s3_bucket_acl instead.", "main.tf:14"),
                Notice(Severity.CHECK, "check.health fails", "The endpoint answered 503."),
            ),
            notes=("State is kept by the bot, with a copy before each apply.",),
        ),
        dir="infra/db",
        workspace="prod",
    ),
    project("prod/dns", content(change("aws_route53_record.www", Action.UPDATE, "!  ttl = 300 -> 60"))),
    notices=("Once merged, prod/db: 2 approvals are asked for instead of 1.",),
    removed=(RemovedProject("infra/legacy", ("aws_instance.cron", "aws_eip.cron"), "/plan --destroy -p infra/legacy"),),
    demands=(
        Demand(None, True, "the pull request is open"),
        Demand(None, True, "it can be merged into main"),
        Demand(None, True, "applies are not frozen"),
        Demand("dev/app", True, "1 of 1 approvals, by bob"),
        Demand("prod/dns", True, "1 of 1 approvals, by bob"),
        Demand(
            "prod/db",
            False,
            "1 of 2 approvals, by bob",
            "let someone with write access who made none of its commits approve this pull request",
        ),
        Demand(None, True, "no other pull request holds a lock on it"),
    ),
    next=(("/apply", "applies all of it"), ("/apply -p dev/app", "applies one project"), ("/plan", "plans again")),
)
