"""gitops.yaml made to harm, pushed: its author is told what to mend, and whoever else pushes notices nothing."""

import pytest

from tests.config.bombs import bomb, chain, merge_bomb
from tests.e2e.acting import ONE
from tests.hostile.mischief import House, files

LISTED = "version: 1\nprojects:\n  - dir: sound\n"
BAD: dict[str, tuple[str | bytes, str]] = {
    "an unknown key": (f"{LISTED}    workspce: x\n", "gitops.yaml:4"),
    "a wrong type": ("version: 1\nprojects: sound\n", "must be a list"),
    "a key of another type": ("version: 1\n1: [a]\n", "there is no such key"),
    "a key written twice": (f"{LISTED}version: 1\n", "is written twice (first on line 1)"),
    "aliases that grow": (bomb(), "with its aliases followed this is more than 100000 values"),
    "merged aliases that grow": (merge_bomb(), "with its aliases followed this is more than 100000 values"),
    "a long row of aliases": (chain(), "with its aliases followed this is nested deeper than 20 levels"),
    "deep nesting": ("[" * 200_000, "this is nested deeper than 20 levels"),
    "ten megabytes": (f"{LISTED}# {'x' * 10_000_000}\n", "the file is larger than 1024 KiB"),
    "binary junk": (bytes(range(256)) * 64, "the file is not UTF-8 text"),
    "zeros": (b"\0" * 4096, "characters that YAML does not allow"),
    "another encoding": (LISTED.encode("utf-16"), "the file is not UTF-8 text"),
    "latin letters": (f"{LISTED}# é\n".encode("latin-1"), "gitops.yaml:4"),
    "a tag that builds objects": ("version: 1\nx: !!python/object/apply:os.system [id]\n", "tags"),
    "nothing at all": ("", "the file begins with"),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_gitops_yaml_that_is(house: House, kind: str) -> None:
    content, told = BAD[kind]
    number = house.propose(files({"gitops.yaml": content, "sound/more.tf": ONE.replace("one", "more")}))
    comment = house.stage.wait_for_comment(number, told.replace("_", r"\_"))
    assert "gitops-bot itself broke" not in comment
    house.stage.wait_for_status(number, "gitops-bot/plan", "failure")
    assert len(comment) < 20_000


def test_beside_all_of_them_a_sound_pull_request_is_planned(house: House) -> None:
    number = house.propose(files({"sound/more.tf": ONE.replace("one", "more")}))
    house.stage.wait_for_comment(number, "2 to create", "What blocks the apply")


def test_a_gitops_yaml_on_the_base_branch_that_is_broken_is_mended_by_a_pull_request(house: House) -> None:
    stage, clone = house.stage, house.clone
    stage.alice.git(clone, "checkout", "--quiet", "--force", "main")
    stage.alice.push(clone, {"gitops.yaml": "version: [1\n"}, "main", "Break it")
    refused = house.propose(files({"sound/more.tf": ONE.replace("one", "more")}))
    stage.wait_for_comment(refused, "this is no YAML")
    mended = house.propose(files({"gitops.yaml": LISTED, "sound/more.tf": ONE.replace("one", "more")}))
    stage.wait_for_comment(mended, "2 to create", "0 of 1 approvals")
