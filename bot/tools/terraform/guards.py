"""Guards of resources (`prevent_destroy`) that a pull request takes away with them: the plan is silent about those.

Read from the text of the base branch, local modules included. Called by `terraform`.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from bot.core.errors import Refused
from bot.core.plan import Action, Change, Notice, Severity
from bot.core.sentences import join_names
from bot.core.tree import Tree
from bot.core.tree_paths import TreePaths
from bot.ports import Site
from bot.tools.terraform import hcl, json_syntax
from bot.tools.terraform.configuration import file_texts
from bot.tools.terraform.drift import without_keys
from bot.tools.terraform.sources import module_sources

LOSSES = frozenset({Action.DELETE, Action.REPLACE})
MOST_NAMED, MOST_NESTED = 5, 10
UNGUARDED = ("", "false")


def guard_notices(site: Site, changes: Sequence[Change]) -> Iterator[Notice]:
    """Warn where the plan destroys what the base branch guards: the pull request takes both away."""
    lost = {without_keys(change.address) for change in changes if change.action in LOSSES}
    if site.origin is None or not lost:
        return
    try:
        with site.origin.tree(site.origin.base) as before:
            guarded = lost & guarded_addresses(before, site.project.dir)
    except Refused:  # the base is gone, or its links lead nowhere: the plan tells what there is
        return
    if guarded:
        names = join_names(sorted(guarded), MOST_NAMED)
        detail = f"The base branch has `prevent_destroy` for {names}."
        yield Notice(Severity.WARNING, "This pull request takes away the guard of what it destroys", detail)


def guarded_addresses(tree: Tree, directory: str) -> frozenset[str]:
    """Addresses, without keys, of the resources that may not be destroyed. Raises Refused for links out of the tree."""
    return frozenset(_guarded(TreePaths(tree), directory, "", MOST_NESTED))


def _guarded(paths: TreePaths, directory: str, prefix: str, depth: int) -> Iterator[str]:
    texts = file_texts(paths, directory)
    for path, text in texts.items():
        resources = _json_resources(text) if path.endswith(".json") else _hcl_resources(text)
        yield from (prefix + address for address, guard in resources if guard not in UNGUARDED)
    for source in module_sources(texts) if depth else ():
        if source.is_local:
            target = paths.follow(directory, source.path, f"module {source.module}")
            yield from _guarded(paths, target, f"{prefix}module.{source.module}.", depth - 1)


def _hcl_resources(text: bytes) -> Iterator[tuple[str, str]]:
    if b"prevent_destroy" not in text:
        return
    for block in hcl.blocks(text):
        labels = block.header.decode(errors="replace").split('"')[1::2]
        if block.keyword == b"resource" and len(labels) == 2:
            for lifecycle in hcl.blocks(block.body):
                if lifecycle.keyword == b"lifecycle":
                    guard = hcl.attributes(lifecycle.body).get("prevent_destroy", b"")
                    yield ".".join(labels), guard.decode(errors="replace")


def _json_resources(text: bytes) -> Iterator[tuple[str, str]]:
    for resources in json_syntax.children(json_syntax.parse_blocks(text), "resource"):
        for type, named in json_syntax.pairs(resources):
            for name, body in json_syntax.pairs(named):
                yield f"{type}.{name}", _json_guard(body)


def _json_guard(body: Any) -> str:
    guards = [
        guard
        for lifecycle in json_syntax.children(body, "lifecycle")
        for guard in json_syntax.children(lifecycle, "prevent_destroy")
    ]
    return next((str(guard).lower() for guard in guards if guard), "")
