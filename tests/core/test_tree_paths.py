"""Paths of a tree, as a tool follows them through symbolic links."""

import os

import pytest

from bot.core.errors import Refused
from bot.core.tree_paths import MAX_LINKS, TreePaths, link_refusal
from tests.terraform.conftest import Files

TREE = Files(
    {
        "real/main.tf": "real",
        "real/deep/x.tf": "deep",
        "link": "-> real",
        "second": "-> link/deep",
        "a/file.tf": "-> ../real/main.tf",
        "a/up": "-> ../second/..",
        "round": "-> round",
        "out": "-> ../elsewhere",
        "far": "-> /etc",
    }
)


@pytest.mark.parametrize(
    ("path", "text"),
    [("a/file.tf", "real"), ("link/main.tf", "real"), ("second/x.tf", "deep"), ("real/main.tf", "real")],
)
def test_a_file_is_read_at_the_end_of_its_links(path: str, text: str) -> None:
    assert TreePaths(TREE).read(path) == text.encode()


def test_a_link_to_what_is_above_a_link_leads_there_as_on_disk() -> None:
    assert TreePaths(TREE).follow("a", "up", "it") == "real"


def test_a_link_brings_with_it_what_it_leads_to_and_what_that_leads_to() -> None:
    assert TreePaths(TREE).with_targets({"second"}) == {"second", "real/deep/x.tf"}


@pytest.mark.parametrize(("link", "reason"), [("out", "out leaves"), ("far", "far leaves"), ("round", "in a circle")])
def test_a_link_that_leads_nowhere_of_ours_is_refused_by_name(link: str, reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        TreePaths(TREE).read(link)
    assert link in (link_refusal(TREE, link) or "")


@pytest.mark.parametrize(
    ("directory", "target"), [("link", "real"), ("link/deep", "real/deep"), ("second", "real/deep")]
)
def test_a_directory_behind_a_link_is_another_directory(directory: str, target: str) -> None:
    assert (link_refusal(TREE, directory) or "").endswith(f"list {target} instead")


@pytest.mark.parametrize("directory", [".", "real", "a", "nowhere"])
def test_any_other_directory_may_be_a_projects(directory: str) -> None:
    assert link_refusal(TREE, directory) is None


def test_a_file_and_a_directory_are_told_without_following_links() -> None:
    paths = TreePaths(TREE)
    assert (paths.is_file("real/main.tf"), paths.is_file("link/main.tf"), paths.is_file("link")) == (True, False, True)
    assert (paths.is_directory("real"), paths.is_directory("link"), paths.is_directory("real/main.tf")) == (
        True,
        False,
        False,
    )


def test_files_that_globs_name_come_with_what_their_links_lead_to() -> None:
    paths = TreePaths(TREE)
    assert paths.listed_files(["a/*.tf", "second"]) == {"a/file.tf", "real/main.tf", "second", "real/deep/x.tf"}
    assert paths.listed_files([]) == set()


def test_what_can_be_reached_from_a_directory_is_all_below_it_and_all_behind_its_links() -> None:
    tree = Files({"a/one": "-> ../b", "a/two": "-> ../c/d", "b/x": "x", "b/on": "-> ../e", "c/d/y": "y", "e/z": "z"})
    assert TreePaths(tree).reachable_files("a") == {"a/one", "a/two", "b/x", "b/on", "c/d/y", "e/z"}


def test_two_links_are_both_followed() -> None:
    assert TreePaths(TREE).with_targets({"link", "second"}) == {"link", "second", "real/main.tf", "real/deep/x.tf"}


def test_links_on_the_way_are_remembered() -> None:
    paths = TreePaths(TREE)
    paths.read("second/x.tf")
    assert paths.links == {"second", "link"}


@pytest.mark.parametrize("reference", ["../../x", "/etc/passwd", "../..", "../../..", "../../../x"])
@pytest.mark.parametrize("tree", [TREE, Files({"a/main.tf": ""})], ids=["links", "none"])
def test_a_reference_that_leaves_the_repository_is_refused(tree: Files, reference: str) -> None:
    with pytest.raises(Refused, match=rf"^it leaves the repository: {reference}$"):
        TreePaths(tree).follow("a", reference, "it")


def test_whoever_reads_or_names_what_is_outside_is_told_what_it_was() -> None:
    with pytest.raises(Refused, match=r"^file leaves the repository: \.\./x$"):
        TreePaths(TREE).read("../x")
    assert link_refusal(TREE, "../x") == "its directory leaves the repository: ../x"
    with pytest.raises(Refused, match=r"^symbolic link up leaves the repository$"):
        TreePaths(Files({"up": "-> ../x"})).read("up")


@pytest.mark.parametrize(
    "target", ["real//deep", "./real/deep", "real/./deep", "real/deep/", "real/../real/deep", "real/deep/."]
)
def test_a_target_is_read_as_the_operating_system_does(target: str) -> None:
    tree = Files({"link": f"-> {target}", "real/deep/x.tf": "x"})
    assert TreePaths(tree).follow(".", "link", "it") == "real/deep"


def test_a_link_to_the_top_leads_there() -> None:
    assert TreePaths(Files({"a/top": "-> ..", "x": ""})).follow("a", "top", "it") == "."


def test_as_many_links_as_an_operating_system_follows_are_followed() -> None:
    chain = {f"l{number}": f"-> l{number + 1}" for number in range(MAX_LINKS)} | {f"l{MAX_LINKS}": "end"}
    assert TreePaths(Files(chain)).read("l0") == b"end"
    with pytest.raises(Refused, match="in a circle"):
        TreePaths(Files(chain | {"more": "-> l0"})).read("more")


def test_a_link_whose_target_is_no_utf_8_is_followed() -> None:
    name = os.fsdecode(b"caf\xe9")
    assert TreePaths(Files({"link": f"-> {name}", name: "x"})).follow(".", "link", "it") == name
