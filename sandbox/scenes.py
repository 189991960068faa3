"""What the demo and its story play: the example repository, brought up once, and a change to look at."""

from collections.abc import Mapping
from pathlib import Path

from sandbox.stage import Stage

EXAMPLES = Path(__file__).resolve().parent / "examples"
HELLO_PROJECT = """\
  - dir: hello
    cluster: local
"""
INITIAL_FILES = ("README.md", "gitops.yaml")
EXAMPLE_SUFFIXES = (".tf", ".tfvars", ".yaml", ".md")


def example_files(kubernetes: bool = False, cluster: bool = False) -> dict[str, str]:
    """The example repository's files by path; perhaps with a Kubernetes project, for the cluster `local`."""
    files = _read_files(EXAMPLES / "terraform")
    if not kubernetes:
        return files
    project_lines = HELLO_PROJECT if cluster else HELLO_PROJECT.partition("    cluster")[0]
    hello = {f"hello/{name}": text for name, text in _read_files(EXAMPLES / "hello").items()}
    return files | hello | {"gitops.yaml": files["gitops.yaml"] + project_lines}


def _read_files(top: Path) -> dict[str, str]:
    paths = [path for path in sorted(top.rglob("*")) if path.is_file() and path.suffix in EXAMPLE_SUFFIXES]
    return {str(path.relative_to(top)): path.read_text() for path in paths}


def bring_up(stage: Stage, files: Mapping[str, str] | None = None) -> Path:
    """Push the example and make it real by a first pull request: planned, approved, applied, merged. alice's clone."""
    files = files or example_files()
    clone = stage.clone()
    stage.alice.push(clone, {name: files[name] for name in INITIAL_FILES}, "main", "Begin")
    stage.alice.push(clone, files, "bring-up", "Bring up network, app and shop")
    number = stage.alice.open_pull(stage.repo, "bring-up", "main", "Bring up network, app and shop")
    approve_and_apply(stage, number)
    stage.wait_for_merge(number)
    stage.wait_for("the locks to be free", lambda: not has_locks(stage))
    stage.alice.git(clone, "checkout", "--quiet", "main")
    stage.alice.git(clone, "pull", "--quiet")
    return clone


def approve_and_apply(stage: Stage, number: int) -> None:
    """bob approves what the plan shows, alice comments `/apply`."""
    stage.wait_for_comment(number, "What blocks the apply")
    stage.bob.approve(stage.repo, number)
    stage.wait_for_comment(number, "1 of 1 approval")
    stage.alice.comment(stage.repo, number, "/apply")


def has_locks(stage: Stage) -> bool:
    """Whether anything is locked, as the bot's store has it."""
    from bot.store import Store, locks

    store = Store(f"sqlite:///{stage.data / 'store.sqlite'}")
    with store.read() as tx:
        is_locked = bool(locks.list_locks(tx))
    store.close()
    return is_locked


def change_shop(files: Mapping[str, str]) -> dict[str, str]:
    """A newer cart and a renamed checkout, which is replaced: what the story takes back."""
    shop = (
        files["shop/main.tf"].replace("cart:2.0.1", "cart:2.1.0").replace('log_level = "info"', 'log_level = "debug"')
    )
    return {"shop/main.tf": shop.replace('name   = "checkout"', 'name   = "kasse"')}


def change_everything(files: Mapping[str, str]) -> dict[str, str]:
    """A change with something of everything, for the demo's page."""
    hello = (
        {
            "hello/kustomization.yaml": files["hello/kustomization.yaml"]
            .replace("3.9", "3.10")
            .replace("=hello", "=ahoi"),
            "hello/deployment.yaml": files["hello/deployment.yaml"].replace("replicas: 1", "replicas: 2"),
        }
        if "hello/kustomization.yaml" in files
        else {}
    )
    return (
        change_shop(files)
        | hello
        | {
            "network/main.tf": files["network/main.tf"].replace('["a", "b"]', '["a", "c"]'),
            "app/prod.tfvars": "replicas = 4\n",
            "app/staging.tfvars": "replicas = 2\n",
        }
    )
