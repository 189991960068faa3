"""The objects of a state, as `show -json` tells them. Called by `apply_report` and `terraform`."""

from collections.abc import Iterator

from bot.tools.terraform.json_document import Document
from bot.tools.terraform.json_fields import Node, text
from bot.tools.terraform.masking import Secrets, secret_texts


def resources(state: Document) -> Iterator[Node]:
    """Every object of every module; deposed ones are no objects of their own."""
    root = state.at("values", "root_module")
    modules = [root] if root else []
    while modules:
        module = modules.pop()
        yield from (resource for resource in module.nodes("resources") if not text(resource, "deposed_key"))
        modules += module.inner("child_modules")


def managed_addresses(state: Document) -> tuple[str, ...]:
    """Addresses of what the state manages, sorted, without keys that it calls sensitive elsewhere."""
    addresses, secrets = list[str](), set[str]()
    for resource in resources(state):
        secrets.update(secret_texts(resource.get("values"), resource.get("sensitive_values")))
        if text(resource, "mode") == "managed":
            addresses.append(text(resource, "address"))
    return tuple(sorted(map(Secrets(frozenset(secrets)).hide_keys, addresses)))
