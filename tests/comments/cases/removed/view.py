"""A project's directory is deleted. Its state still holds objects, and nobody destroys them unasked."""

from bot.core.view import RemovedProject
from tests.comments.building import plan

VIEW = plan(
    removed=(
        RemovedProject("infra/legacy", ("aws_instance.cron", "aws_eip.cron"), "/plan --destroy -p infra/legacy"),
        RemovedProject("infra/one", ("aws_instance.only",), "/plan --destroy -p infra/one"),
    )
)
