"""The tree as the tool reads it, seen from the pull request: links, paths, files that nobody covers."""

import os
from pathlib import Path

from tests.e2e.acting import ONE, TWO, approved, begin, bots_comments, plan_comment, propose, pull_main
from tests.staging import Stage

CALL = 'module "x" {\n  source = "../../modules/x"\n}\n'
BACKEND = 'terraform {{\n  backend "local" {{\n    path = "{}"\n  }}\n}}\n'
LISTED = "version: 1\nprojects:\n  - dir: envs/prod\n"


def link(clone: Path, path: str, target: str) -> None:
    (clone / path).parent.mkdir(parents=True, exist_ok=True)
    os.symlink(target, clone / path)


def linked(stage: Stage) -> Path:
    """envs/prod, whose one file is a link to a shared one that calls a module."""
    clone = stage.clone()
    link(clone, "envs/prod/main.tf", "../../shared/main.tf")
    files = {"gitops.yaml": LISTED, "shared/main.tf": CALL, "modules/x/main.tf": ONE}
    stage.alice.push(clone, files, "main", "Begin")
    return clone


def test_a_module_that_is_called_by_a_linked_file_plans_the_project(stage: Stage) -> None:
    number = propose(stage, linked(stage), {"modules/x/main.tf": TWO})
    assert "`envs/prod`" in stage.wait_for_comment(number, "What blocks the apply")


def test_a_plan_is_stale_when_the_module_behind_a_link_changes(stage: Stage) -> None:
    clone = linked(stage)
    number = propose(stage, clone, {"modules/x/main.tf": TWO})
    approved(stage, number)
    stage.alice.push(clone, {"modules/x/main.tf": TWO.replace('"2"', '"later"')}, "change", "Later")
    stage.wait_for_comment(number, "later", "0 of 1 approvals")


def test_a_backend_behind_a_link_is_not_moved(stage: Stage) -> None:
    clone = stage.clone()
    link(clone, "envs/prod/backend.tf", "../../common/backend.tf")
    kept = str(stage.outside / "kept" / "{}.tfstate")
    files = {"gitops.yaml": LISTED, "common/backend.tf": BACKEND.format(kept.format("a")), "envs/prod/main.tf": ONE}
    stage.alice.push(clone, files, "main", "Begin")
    number = propose(stage, clone, {"common/backend.tf": BACKEND.format(kept.format("b"))})
    stage.wait_for_comment(number, "moves this project's state")


def test_a_listed_directory_that_is_a_link_is_refused_by_name(stage: Stage) -> None:
    clone = begin(stage, {"envs/prod/main.tf": ONE})
    link(clone, "envs/prod-eu", "prod")
    number = propose(stage, clone, {"gitops.yaml": LISTED + "  - dir: envs/prod-eu\n"})
    stage.wait_for_comment(number, "leads through the symbolic link envs/prod-eu", "list envs/prod instead")
    stage.wait_for_status(number, "gitops-bot/plan", "failure")


def test_files_that_no_project_covers_are_told_with_the_lines_to_add(stage: Stage) -> None:
    clone = begin(stage, {"gitops.yaml": LISTED, "envs/prod/main.tf": ONE})
    service = "apiVersion: v1\nkind: Service\n"
    number = propose(stage, clone, {"legacy/main.tf": ONE, "k8s/a.yaml": service, "notes/a.yaml": "kind: words\n"})
    told = stage.wait_for_comment(number, "no project covers them", "`legacy/main.tf`", "`k8s/a.yaml`", "- dir: legacy")
    assert "notes" not in told
    assert "touches no project" not in told
    stage.wait_for_status(number, "gitops-bot/plan", "success")
    sha = stage.alice.pull(stage.repo, number)["head"]["sha"]
    statuses = stage.alice.api("GET", f"/repos/{stage.repo}/commits/{sha}/status")["statuses"]
    assert any("2 changed files look like infrastructure" in status["description"] for status in statuses)
    assert len(bots_comments(stage, number)) == 1


def test_a_gitops_yml_is_refused_by_name(stage: Stage) -> None:
    clone = begin(stage, {"envs/prod/main.tf": ONE})
    number = propose(stage, clone, {"gitops.yml": LISTED, "envs/prod/main.tf": TWO})
    stage.wait_for_comment(number, "gitops.yml is not read: name it gitops.yaml")
    stage.wait_for_status(number, "gitops-bot/plan", "failure")


def test_another_bots_file_is_hinted_at_once(stage: Stage) -> None:
    clone = begin(stage, {"atlantis.yaml": "version: 3\n", "net/main.tf": ONE})
    number = propose(stage, clone, {"net/main.tf": TWO})
    assert stage.wait_for_comment(number, "What blocks the apply").count("atlantis.yaml") == 1


def stored(stage: Stage) -> str:
    """A project whose state is in a file beside the bot's directory, the repository's own."""
    return ONE + BACKEND.format(stage.outside / "kept" / f"{stage.repo_id}.tfstate")


def apply_net(stage: Stage, clone: Path) -> None:
    number = propose(stage, clone, {"net/main.tf": stored(stage)}, "up")
    approved(stage, number)
    stage.alice.comment(stage.repo, number, "/apply")
    stage.wait_for_merge(number)
    pull_main(stage, clone)


def test_a_project_that_moves_is_itself_and_nothing_offers_or_makes_its_end(stage: Stage) -> None:
    clone = begin(stage)
    apply_net(stage, clone)
    number = propose(stage, clone, {"net/main.tf": None, "network/main.tf": stored(stage)})
    told = stage.wait_for_comment(number, "`net` is `network` now: same state")
    told = stage.wait_for_comment(number, "changes nothing in `network`")
    assert "--destroy" not in told
    for name in ("net", "network"):
        said = len(bots_comments(stage, number))
        stage.alice.comment(stage.repo, number, f"/plan --destroy -p {name}")
        stage.wait_for("an answer", lambda said=said, name=name: _refused(stage, number, name, said))
    assert "1 to destroy" not in plan_comment(stage, number)


def _refused(stage: Stage, number: int, name: str, said: int) -> bool:
    comments = bots_comments(stage, number)
    if name == "net":
        return len(comments) > said and "net is network now" in comments[-1]
    return "its state is also that of net" in plan_comment(stage, number)


def test_a_copied_backend_is_told_and_asks_what_both_ask(stage: Stage) -> None:
    clone = begin(stage)
    apply_net(stage, clone)
    strict = "version: 1\ndefaults:\n  require: []\nprojects:\n  - dir: net\n    require: [approval]\n"
    strict += "    approvals: {count: 2}\n"
    stage.alice.push(clone, {"gitops.yaml": strict}, "main", "Two for net")
    copy = stored(stage).replace('"one"', '"mine"').replace("    path", "\n  path")
    number = propose(stage, clone, {"gitops.yaml": strict + "  - dir: mine\n", "mine/main.tf": copy})
    told = stage.wait_for_comment(number, "What blocks the apply", "0 of 2 approvals")
    assert "`mine` and `net` have one state" in told
    stage.alice.comment(stage.repo, number, "/plan --destroy -p mine")
    stage.wait_for_comment(number, "its state is also that of net")


def test_a_lock_on_a_state_is_a_lock_on_all_its_places(stage: Stage) -> None:
    clone = begin(stage, {"gitops.yaml": "version: 1\nmerge: manual\n", "net/main.tf": stored(stage)})
    number = propose(stage, clone, {"net/main.tf": stored(stage).replace('"1"', '"2"')}, "first")
    approved(stage, number)
    stage.alice.comment(stage.repo, number, "/apply")
    stage.wait_for_comment(number, "Applied")
    other = propose(stage, clone, {"network/main.tf": stored(stage).replace('"1"', '"3"')}, "second")
    stage.wait_for_comment(other, "net:default is locked by")


def test_a_name_of_two_projects_destroys_neither(stage: Stage) -> None:
    listed = "version: 1\nprojects:\n  - dir: {}\n    name: net\n"
    clone = begin(stage, {"gitops.yaml": listed.format("net"), "net/main.tf": ONE})
    files = {"gitops.yaml": listed.format("network"), "net/main.tf": None, "network/main.tf": TWO}
    number = propose(stage, clone, files)
    stage.wait_for_comment(number, "What blocks the apply")
    stage.alice.comment(stage.repo, number, "/plan --destroy -p net")
    stage.wait_for_comment(number, "net is the name of several projects", "-d net", "-d network")
