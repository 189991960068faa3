"""What only a cluster writes into an object, and people export into Git along with it. Called by the dry-run. Pure."""

from collections.abc import Iterator

from bot.kube.objects.body import Body
from bot.kube.objects.masking import LAST_APPLIED

# Preconditions: an object with one of these is refused as soon as it, or another of its name, is otherwise.
_HELD_TO = ("resourceVersion", "uid", "managedFields")
_PASSED_OVER = ("creationTimestamp", "deletionGracePeriodSeconds", "deletionTimestamp", "generation", "selfLink")
_ANNOTATIONS = (LAST_APPLIED, "deployment.kubernetes.io/revision")


def export_problem(body: Body) -> str:
    """Say which fields keep an object from being applied more than once; empty where there is none."""
    fields = [f"metadata.{key}" for key in _HELD_TO if body["metadata"].get(key)]
    return f"{', '.join(fields)}: only the cluster writes that, take it out of Git" if fields else ""


def export_notes(body: Body, *, has_status: bool) -> tuple[str, ...]:
    """Say which fields do nothing; `has_status`: this kind's status is written by the cluster alone."""
    fields = list(_passed_over(body, has_status=has_status))
    return (f"{', '.join(fields)}: only the cluster writes that, take it out of Git",) if fields else ()


def _passed_over(body: Body, *, has_status: bool) -> Iterator[str]:
    """Not what generators leave empty."""
    metadata = body["metadata"]
    yield from (f"metadata.{key}" for key in _PASSED_OVER if metadata.get(key))
    yield from (f"metadata.annotations[{key}]" for key in _ANNOTATIONS if key in (metadata.get("annotations") or {}))
    if has_status and any((body.get("status") or {}).values() if isinstance(body.get("status"), dict) else ()):
        yield "status"
