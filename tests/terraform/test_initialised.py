"""What init made is used again for the same pull request, and nothing that could be wrong is."""

import shutil
import subprocess
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from bot.core.errors import Refused, ToolFailed
from bot.core.project import Project
from bot.core.run import ApplyOutcome
from bot.ports import PullCache, ToolPlan
from bot.tools.terraform import tool
from bot.tools.terraform.keys import OPTIONS, TerraformOptions
from bot.vault import Vault
from tests.provider.shelf import SOURCE, VERSION, Shelf, book
from tests.terraform.conftest import ENV, Ground

ONE = 'resource "terraform_data" "one" {\n  input = "1"\n}\n'
EVIL = "#!/bin/sh\ntouch {mark}\nexit 1\n"


def prepared(top: Path, pull: str = "acme/infra#1") -> PullCache:
    """As the bot keeps it: one blob, sealed for this pull and key."""
    vault, blob = Vault(b"k" * 32), top / "blob"

    def saved(key: str) -> bytes | None:
        try:
            return vault.unseal(blob.read_bytes(), {"pull": pull, "key": key})
        except (FileNotFoundError, Refused):
            return None

    def save(key: str, content: bytes) -> None:
        top.mkdir(exist_ok=True, parents=True)
        blob.write_bytes(vault.seal(content, {"pull": pull, "key": key}))

    return PullCache(top / "packages", saved, save, b"secret")


@pytest.fixture
def again(ground: Ground, shelf: Shelf, program: Path) -> Ground:
    """Plans of one pull request, with the provider, whose tool's calls are counted."""
    return counted(ground, shelf, program)


def counted(ground: Ground, shelf: Shelf, program: Path, **settings: str) -> Ground:
    name = "tofu" if "tofu" in program.name else "terraform"
    own: Mapping[str, object] = {"lock_timeout": "1s", "binaries": name, "cli_config": str(shelf.cli_config)} | settings
    path = f"{shelf.programs}:{ENV['PATH']}"
    kept = prepared(ground.top / "prepared")
    (ground.top / "states").mkdir()
    return replace(
        ground,
        terraform=tool(lambda _: own),
        environment=ENV | {"PATH": path},
        prepared=kept,
        write=(ground.top / "states",),
    )


def planned(ground: Ground, files: Mapping[str, str], project: Project | None = None) -> ToolPlan:
    return ground.terraform.plan(ground.site({f"net/{name}": text for name, text in files.items()}, project))


def test_a_second_plan_runs_no_init_and_downloads_nothing(again: Ground, shelf: Shelf) -> None:
    assert again.plan(shelf.text(book("a"))).content.counts.create == 1
    shelf.close()
    plan = again.plan(shelf.text(book("a", "Another"), book("b", at="two")))
    assert plan.content.counts.create == 2
    assert shelf.calls("init") == 1
    assert shelf.calls("plan") == 2


def test_an_apply_uses_what_the_plan_initialised(again: Ground, shelf: Shelf) -> None:
    site = again.site({"net/main.tf": shelf.text(book("a"))})
    plan = again.terraform.plan(site)
    assert plan.artifact
    shelf.close()
    elsewhere = again.site({"net/main.tf": shelf.text(book("a"))})
    artifact = Path(shutil.copy(plan.artifact, elsewhere.scratch))
    assert again.carry_out(elsewhere, artifact).outcome is ApplyOutcome.DONE
    assert shelf.calls("init") == 1
    assert shelf.object("a")


def test_a_project_without_providers_is_initialised_once_too(again: Ground, shelf: Shelf) -> None:
    for text in (ONE, ONE.replace('"1"', '"2"')):
        assert again.plan(text).content.counts.create == 1
    assert shelf.calls("init") == 1


def test_the_log_says_that_it_was_initialised_earlier(again: Ground, shelf: Shelf) -> None:
    again.plan(ONE)
    site = again.site({"net/main.tf": ONE})
    again.terraform.plan(site)
    assert "Initialised earlier for this pull request" in site.log.read_text()


CHANGES: Mapping[str, Mapping[str, str]] = {
    "a provider is added": {
        "main.tf": 'terraform {\n  required_providers {\n    shelf = {\n      source = "registry.example/tests/shelf"\n'
        "    }\n  }\n}\n"
    },
    "a module is added": {"main.tf": 'module "m" {\n  source = "./m"\n}\n', "m/main.tf": ONE},
    "a backend is added": {"main.tf": 'terraform {\n  backend "local" {\n    path = "/HERE/x"\n  }\n}\n'},
    "a lock file is added": {"main.tf": ONE, ".terraform.lock.hcl": "# none\n"},
    "a resource names its provider": {"main.tf": ONE.replace("}", "  provider = terraform\n}")},
}


@pytest.mark.parametrize("change", CHANGES)
def test_init_runs_again_when(change: str, again: Ground, shelf: Shelf) -> None:
    planned(again, {"main.tf": ONE})
    files = {name: text.replace("/HERE", str(again.top / "states")) for name, text in CHANGES[change].items()}
    planned(again, files)
    assert shelf.calls("init") == 2
    planned(again, files)
    assert shelf.calls("init") == 2


def test_another_backend_configuration_is_another_initialisation(again: Ground, shelf: Shelf) -> None:
    text = 'terraform {\n  backend "local" {\n    path = "/nowhere"\n  }\n}\n' + ONE
    states = again.top / "states"
    for name in ("a", "b", "a"):
        path = states / name
        options = TerraformOptions(backend_config=(f"path={path}/terraform.tfstate",))
        site = again.site({"net/main.tf": text}, Project("net", "net", options=OPTIONS.dump(options)))
        plan = again.terraform.plan(site)
        assert plan.artifact
        if name == "a" and not path.exists():
            assert again.carry_out(site, plan.artifact).outcome is ApplyOutcome.DONE
            assert path.exists()
    assert shelf.calls("init") == 3


def test_what_init_made_for_another_key_is_not_trusted_but_found_wrong_by_the_tool(again: Ground, shelf: Shelf) -> None:
    """Were the key ever too coarse: whatever was kept is given for every key."""
    assert again.prepared
    last: list[bytes] = []
    blind = replace(again.prepared, load=lambda _: last[-1] if last else None, save=lambda _, made: last.append(made))
    again.prepared = blind
    planned(again, {"main.tf": ONE})
    for change, files in CHANGES.items():
        if change != "a lock file is added":
            files = {name: text.replace("/HERE", str(again.top / "states")) for name, text in files.items()}
            planned(again, files)
    assert planned(again, {"main.tf": shelf.text(book("a"))}).content.counts.create == 1
    module = {"main.tf": 'module "m" {\n  source = "./n"\n}\n', "n/main.tf": ONE}
    assert planned(again, module).content.counts.create == 1


def test_a_failing_plan_is_not_tried_twice_when_it_got_anywhere(again: Ground, shelf: Shelf) -> None:
    label = 'data "shelf_label" "x" {\n  name = "there"\n}\n'
    shelf.put("there")
    again.plan(shelf.text(label))
    with pytest.raises(ToolFailed, match=r"There is no such book \(main\.tf:\d+\)"):
        again.plan(shelf.text(label.replace("there", "none")))
    assert (shelf.calls("init"), shelf.calls("plan")) == (1, 2)


def test_a_provider_that_a_plan_replaced_never_runs(again: Ground, shelf: Shelf, tmp_path: Path) -> None:
    """A hostile plan of the same pull may write to what is kept, and an apply would run it with its credentials."""
    text, mark = shelf.text(book("a")), tmp_path / "it-ran"
    plan = again.plan(text)
    assert plan.artifact
    assert again.prepared
    [binary] = again.prepared.folder.rglob("terraform-provider-shelf*")
    binary.write_text(EVIL.format(mark=mark))
    assert again.plan(text).content.counts.create == 1
    assert shelf.calls("init") == 2
    for binary in again.prepared.folder.rglob("terraform-provider-shelf*"):
        binary.write_text(EVIL.format(mark=mark))
    site = again.site({"net/main.tf": text})
    artifact = Path(shutil.copy(plan.artifact, site.scratch))
    assert again.carry_out(site, artifact).outcome is ApplyOutcome.DONE
    assert shelf.object("a")
    assert not mark.exists()


def test_a_blob_that_somebody_changed_is_not_opened(again: Ground, shelf: Shelf) -> None:
    again.plan(ONE)
    blob = again.top / "prepared" / "blob"
    blob.write_bytes(blob.read_bytes()[:-1] + b"x")
    again.plan(ONE)
    assert shelf.calls("init") == 2


def test_a_password_of_the_backend_lies_nowhere_in_clear(again: Ground, shelf: Shelf) -> None:
    options = TerraformOptions(backend_config=(f"path={again.top}/states/hidden-password/terraform.tfstate",))
    text = 'terraform {\n  backend "local" {\n    path = "/nowhere"\n  }\n}\n' + ONE
    for _ in range(2):
        again.terraform.plan(again.site({"net/main.tf": text}, Project("net", "net", options=OPTIONS.dump(options))))
    assert shelf.calls("init") == 1
    kept = [path.read_bytes() for path in (again.top / "prepared").rglob("*") if path.is_file()]
    assert kept
    assert not any(b"hidden-password" in content for content in kept)


def test_a_module_at_a_branch_is_fetched_each_time(again: Ground, shelf: Shelf, tmp_path: Path) -> None:
    module = tmp_path / "module"
    module.mkdir()
    again = replace(again, read=(*again.read, module))
    (module / "main.tf").write_text(ONE)
    git = [shutil.which("git") or "", "-C", str(module)]
    who = ["-c", "user.name=x", "-c", "user.email=x@example.com"]
    for words in (["init", "-q", "-b", "main"], ["add", "."], [*who, "commit", "-qm", "one"], ["tag", "v1.0.0"]):
        subprocess.run([*git, *words], check=True)
    for ref, inits in (("main", 2), ("v1.0.0", 3)):
        text = f'module "m" {{\n  source = "git::file://{module}?ref={ref}"\n}}\n'
        for _ in range(2):
            assert again.plan(text).content.counts.create == 1
        assert shelf.calls("init") == inits
    shutil.rmtree(module)
    assert again.plan(text).content.counts.create == 1


def test_a_lock_file_of_the_pull_request_comes_from_its_checkout(again: Ground, shelf: Shelf) -> None:
    site = again.site({"net/main.tf": shelf.text(book("a"))})
    again.terraform.plan(site)
    lock = (site.directory / ".terraform.lock.hcl").read_text().partition("# Not in Git")[0]
    files = {"main.tf": shelf.text(book("a")), ".terraform.lock.hcl": lock}
    for _ in range(2):
        planned(again, files)
    assert shelf.calls("init") == 2
    wrong = lock.replace("h1:", "h1:x")
    with pytest.raises(ToolFailed):
        planned(again, files | {".terraform.lock.hcl": wrong})


def test_workspaces_of_one_checkout_do_not_disturb_each_other(again: Ground, shelf: Shelf) -> None:
    """The one finds the lock file that init wrote for the other."""
    for _ in range(2):
        site = again.site({"net/main.tf": shelf.text(book("a"))})
        for workspace in ("default", "b"):
            scratch = site.scratch / workspace
            scratch.mkdir()
            project = Project("net", "net", workspace=workspace)
            kept = prepared(again.top / "prepared" / workspace)
            one = replace(site, scratch=scratch, project=project, pull_cache=kept)
            assert again.terraform.plan(one).content.counts.create == 1
    assert shelf.calls("init") == 2


def test_what_the_lock_file_has_no_digest_of_is_not_kept(again: Ground, shelf: Shelf) -> None:
    lock = f'provider "{SOURCE}" {{\n  version = "{VERSION}"\n}}\n'
    for _ in range(2):
        planned(again, {"main.tf": shelf.text(book("a")), ".terraform.lock.hcl": lock})
    assert shelf.calls("init") == 2


def test_links_of_a_plugin_cache_stay_links_and_two_inits_take_turns(
    ground: Ground, shelf: Shelf, program: Path
) -> None:
    cache = ground.top / "cache"
    cache.mkdir()
    again = counted(ground, shelf, program, plugin_cache=str(cache))
    alone = [again.site({"net/main.tf": shelf.text(book("a"))}) for _ in range(6)]
    sites = [replace(site, pull_cache=None, state_dir=site.scratch) for site in alone]
    with ThreadPoolExecutor(6) as pool:
        plans = list(pool.map(again.terraform.plan, sites))
    assert all(plan.content.counts.create == 1 for plan in plans)
    again.plan(shelf.text(book("a")))
    shelf.close()
    again.plan(shelf.text(book("a")))
    assert shelf.calls("init") == 7
    copies = 0 if "tofu" in program.name else 1
    assert len(list((again.top / "prepared").glob("packages/*"))) == copies
