"""The tool's codes for why something happens, in words. Called by what reads a plan. A code without words is told."""

from collections.abc import Mapping

# Codes that say no more than what is shown anyway.
SILENT = frozenset({"replace_because_cannot_update"})
REASONS: Mapping[str, str] = {
    "replace_because_tainted": "tainted",
    "replace_by_request": "asked for",
    "replace_by_triggers": "triggered by the change of another",
    "delete_because_no_resource_config": "no longer in the configuration",
    "delete_because_wrong_repetition": "count or for_each changed",
    "delete_because_count_index": "beyond count",
    "delete_because_each_key": "no longer in for_each",
    "delete_because_no_module": "its module is gone",
    "delete_because_no_move_target": "moved to nowhere",
    "delete_because_enabled_false": "no longer enabled",
    "forgot_because_lifecycle_destroy_in_state": "its lifecycle said `destroy = false`",
    "forgot_because_lifecycle_destroy_in_config": "its lifecycle says `destroy = false`",
    "read_because_config_unknown": "depends on what is known after the apply",
    "read_because_dependency_pending": "waits for a change",
    "read_because_check_nested": "belongs to a check",
}
DEFERRALS: Mapping[str, str] = {
    "instance_count_unknown": "how many there are is not known yet",
    "resource_config_unknown": "its configuration is not known yet",
    "provider_config_unknown": "its provider's configuration is not known yet",
    "absent_prereq": "something that it needs is not there yet",
    "deferred_prereq": "something that it needs is put off",
}


def change_reason(code: str) -> str:
    """Why an object is changed; empty when nothing is to be said."""
    return "" if code in SILENT else REASONS.get(code, spell_out(code))


def deferral_reason(code: str) -> str:
    """Why a change is put off."""
    return DEFERRALS.get(code, spell_out(code)) or "no reason given"


def spell_out(code: str) -> str:
    """A code of a newer version: its own words are better than none."""
    return code.replace("_", " ")
