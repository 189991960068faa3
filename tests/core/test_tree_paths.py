"""Paths of a tree, as a tool follows them through symbolic links."""

import pytest

from bot.core.errors import Refused
from bot.core.tree_paths import TreePaths, link_refusal
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
