"""What an apply runs beside sending objects: a chart's hooks. Pure."""

from collections.abc import Iterable

from bot.kube.render.helm_hooks import HelmHook


def hook_names(hooks: Iterable[HelmHook]) -> tuple[str, ...]:
    """Name the hooks that an apply runs."""
    return tuple(sorted({f"{hook.kube_object.ref} (hook)" for hook in hooks}))
