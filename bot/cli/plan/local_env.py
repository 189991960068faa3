"""What a plan at the shell is lent of the machine it runs on: variables by name, and a copy of local state."""

import json
import shutil
from pathlib import Path

from bot.cli.call import Call

CREDENTIAL_PREFIXES = ("TF_VAR_", "AWS_", "AZURE_", "ARM_", "GOOGLE_", "KUBE", "TF_TOKEN_")


def environment(call: Call, home: Path) -> dict[str, str]:
    """As the server gives it: built from nothing, with what TOOL_ENV names; and a HOME unless that is named too."""
    from bot.wiring import ALWAYS_PASSED

    names = (*ALWAYS_PASSED, *call.settings.tool_env)
    return {"HOME": str(home)} | {name: call.environment[name] for name in names if name in call.environment}


def withheld_hint(call: Call) -> str:
    """What is set here and not given to the tool, which may be why it failed."""
    withheld = sorted(
        name for name in call.environment if name.startswith(CREDENTIAL_PREFIXES) and name not in call.settings.tool_env
    )
    if not withheld:
        return ""
    return f"\nSet here, but not given to the tool: {', '.join(withheld)}. GITOPS_BOT_TOOL_ENV names what it gets.\n"


def copy_state(directory: Path, target: Path) -> str:
    """Lend a copy of the state that lies beside the configuration; a sentence that says which it was."""
    config = _local_backend(directory)
    default_state = directory / config.get("path", "terraform.tfstate")
    workspaces = directory / config.get("workspace_dir", "terraform.tfstate.d")
    workspace_states = [
        path for path in workspaces.glob("*/terraform.tfstate") if path.is_file()
    ]  # whatever else is there
    for state in workspace_states:
        workspace = target / "workspaces" / state.parent.name
        workspace.mkdir(parents=True)
        shutil.copy2(state, workspace / state.name)
    if default_state.is_file():
        shutil.copy2(default_state, target / "terraform.tfstate")
    if default_state.is_file() or workspace_states:
        place = default_state if default_state.is_file() else workspaces
        return f"Here it is planned with a copy of the state in {place}."
    return "Here there is no state beside it, so everything is shown as new."


def _local_backend(directory: Path) -> dict[str, str]:
    """Where the last init here put local state, as Terraform itself wrote it down."""
    try:
        backend = json.loads((directory / ".terraform" / "terraform.tfstate").read_text())["backend"]
        if backend["type"] == "local":
            return {key: str(value) for key, value in backend["config"].items() if value}
    except (OSError, ValueError, KeyError, TypeError):
        pass
    return {}
