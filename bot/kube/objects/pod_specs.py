"""Where pods are described within objects of the core kinds. Called by whatever changes such a description. Pure."""

from collections.abc import Callable, Mapping
from typing import Any

from bot.kube.objects.body import Body

_POD_TEMPLATES = ("template", "jobTemplate")
_GROUPS = ("", "apps", "batch")


def change_pod_spec(body: Body, change: Callable[[Mapping[str, Any]], dict[str, Any]]) -> dict[str, Any]:
    """Return the body with its pods' spec changed: a Pod's own, or that of a template; any other body as it is."""
    group = str(body.get("apiVersion") or "").rpartition("/")[0]
    if group not in _GROUPS or not isinstance(body.get("spec"), Mapping):
        return dict(body)
    return {**body, "spec": _change_spec(body["spec"], change, is_pod=body.get("kind") == "Pod")}


def _change_spec(
    spec: Mapping[str, Any], change: Callable[[Mapping[str, Any]], dict[str, Any]], *, is_pod: bool
) -> dict[str, Any]:
    if is_pod:
        return change(spec)
    changed = dict(spec)
    for key in _POD_TEMPLATES:
        template = spec.get(key)
        if isinstance(template, Mapping) and isinstance(template.get("spec"), Mapping):
            changed[key] = {**template, "spec": _change_spec(template["spec"], change, is_pod=key == "template")}
    return changed
