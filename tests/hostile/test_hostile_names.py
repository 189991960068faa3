"""Names that a shell, git, Markdown or a reader's eye would take for something else: they stay names everywhere."""

from pathlib import Path

import pytest

from tests.e2e.acting import ONE, TWO, approved, paths, state_of
from tests.e2e.shell import shell
from tests.hostile.harmless import powerless
from tests.hostile.mischief import House, files

DIRECTORIES = [
    "--upload-pack=touch owned",
    "-rf",
    "$(touch owned)",
    "a;touch owned",
    "`touch owned`",
    "a|b",
    "@acme",
    "</details>",
    "a&&b",
    "'\"",
    "~root",
    "*",
    "${HOME}",
    "%{if true}",
    "a b",
    "#1",
    "![x](http:",
    ":(exclude)x",
]
HIDDEN = {"a line break": "a\nb", "a bell": "a\x07b", "letters that turn": "a\u202eb", "what nobody sees": "a\u200bb"}
BRANCHES = [
    "--upload-pack=touch${IFS}owned",
    "$(touch${IFS}owned)",
    "a;touch",
    "`id`",
    "@acme/team",
    "a|b",
    "a</details>b",
]
BRANCHES += ["refs/heads/main", "HEAD", "a\u202eb", "'\"", "-", "feature/%2e%2e%2f", "🙂", "pull/1/head", "x" * 200]


def nothing_ran(house: House) -> None:
    owned = [path for path in paths(house.stage.directory) if path.name.startswith("owned")]
    assert not [path for path in owned if "/forge/" not in str(path)]
    assert not Path("owned").exists()


@pytest.mark.parametrize("directory", DIRECTORIES)
def test_a_directory_called(house: House, directory: str) -> None:
    number = house.propose(files({f"{directory}/main.tf": ONE}))
    comment = house.stage.wait_for_comment(number, "1 to create", "What blocks the apply")
    powerless(comment)
    nothing_ran(house)


def test_a_directory_with_option_and_shell_characters_is_applied_and_unlocked_like_others(house: House) -> None:
    stage, name = house.stage, "-x;$(touch owned) `id`"
    number = house.propose(files({f"{name}/main.tf": ONE, "other/main.tf": TWO}))
    approved(stage, number)
    stage.alice.comment(stage.repo, number, f"/apply -d='{name}'")
    stage.wait_for_comment(number, "Applied")
    assert "terraform_data" in state_of(stage, "x-touch-owned-id")
    assert name in shell(stage, "locks", "--json")
    nothing_ran(house)


@pytest.mark.parametrize("kind", HIDDEN)
def test_a_directory_with(house: House, kind: str) -> None:
    """Git takes it, and no reader could tell what is meant: it is refused, and what stands beside it is planned."""
    number = house.propose(files({f"{HIDDEN[kind]}/main.tf": ONE, "plain/main.tf": ONE}))
    comment = house.stage.wait_for_comment(number, "holds what cannot be shown: rename it", "1 to create")
    powerless(comment)
    assert HIDDEN[kind] not in comment


def test_a_directory_whose_name_is_no_text_is_refused_and_what_stands_beside_it_is_planned(house: House) -> None:
    number = house.propose(_latin)
    powerless(house.stage.wait_for_comment(number, "holds what cannot be shown: rename it", "1 to create"))


def _latin(top: Path) -> None:
    import os

    odd = os.fsencode(top) + b"/caf\xe9"
    os.mkdir(odd)
    with open(odd + b"/main.tf", "wb") as file:
        file.write(ONE.encode())
    files({"plain/main.tf": ONE})(top)


@pytest.mark.parametrize("branch", BRANCHES)
def test_a_branch_called(house: House, branch: str) -> None:
    number = house.propose(files({"sound/more.tf": ONE.replace("one", "more")}), branch)
    comment = house.stage.wait_for_comment(number, "2 to create", "What blocks the apply")
    powerless(comment)
    nothing_ran(house)


@pytest.mark.parametrize(
    "key", ["a|b", "`x`", "```\\n~~~", "</details>", "@acme/team", "<!-- x", "a\\nb", "](http://x)"]
)
def test_a_key_of_for_each_called(house: House, key: str) -> None:
    text = f'resource "terraform_data" "x" {{\n  for_each = toset(["{key}"])\n  input = each.key\n}}\n'
    number = house.propose(files({"keys/main.tf": text}))
    powerless(house.stage.wait_for_comment(number, "1 to create", "What blocks the apply"))


def test_a_project_name_with_markdown_and_shell_characters_stays_a_name(house: House) -> None:
    name = "@acme/team | `x` </details> $(touch owned) [a](http://x)"
    text = f"version: 1\nprojects:\n  - dir: named\n    name: '{name}'\n"
    number = house.propose(files({"gitops.yaml": text, "named/main.tf": ONE}))
    powerless(house.stage.wait_for_comment(number, "1 to create", "What blocks the apply"))
    house.stage.alice.comment(house.stage.repo, number, f"/plan -p '{name}'")
    house.stage.wait_for("a second plan", lambda: shell(house.stage, "runs", "--json").count(f'#{number}"') > 1)
    nothing_ran(house)


@pytest.mark.parametrize("title", ["@acme/team", "$(touch owned)", "a\u202eb", "x" * 5000, "<script>alert(1)</script>"])
def test_a_title_has_no_power(house: House, title: str) -> None:
    stage = house.stage
    number = house.propose(files({"sound/more.tf": ONE.replace("one", "more")}))
    stage.alice.api("PATCH", f"/repos/{stage.repo}/pulls/{number}", title=title)
    powerless(stage.wait_for_comment(number, "2 to create", "What blocks the apply"))
    nothing_ran(house)
