"""A commit's files without a checkout: which are below a directory, which in it, and the digest of a choice of them."""

import hashlib

import pytest

from bot.core.digest import input_digest
from bot.core.tree import Files, TreeEntry, is_below, is_hidden

PATHS = ("top.tf", "a/main.tf", "a/b/main.tf", "a/b/c/deep.tf", "a-b/main.tf", "a.tf", "z/main.tf")
FILES = Files({path: TreeEntry("100644", f"id of {path}") for path in PATHS})


class Commit:
    """A tree of these files, whose contents nobody asks for."""

    def __init__(self, files: Files) -> None:
        self.files = files

    def read(self, path: str) -> bytes:
        raise KeyError(path)


@pytest.mark.parametrize(
    ("directory", "below"),
    [
        (".", sorted(PATHS)),
        ("a", ["a/b/c/deep.tf", "a/b/main.tf", "a/main.tf"]),
        ("a/b", ["a/b/c/deep.tf", "a/b/main.tf"]),
        ("z", ["z/main.tf"]),
        ("a/main.tf", []),
        ("nowhere", []),
        ("", []),
    ],
)
def test_everything_below_a_directory_is_found_in_order_and_nothing_beside_it(directory: str, below: list[str]) -> None:
    assert list(FILES.below(directory)) == below
    assert FILES.holds(directory) is bool(below)


@pytest.mark.parametrize(
    ("directory", "within"),
    [(".", ("a.tf", "top.tf")), ("a", ("a/main.tf",)), ("a/b", ("a/b/main.tf",)), ("nowhere", ())],
)
def test_the_files_of_a_directory_are_those_of_none_below_it(directory: str, within: tuple[str, ...]) -> None:
    assert FILES.within(directory) == within


@pytest.mark.parametrize(
    ("name", "directories"),
    [("main.tf", ("a-b", "a/b", "a", "z")), ("top.tf", (".",)), ("deep.tf", ("a/b/c",)), ("main", ())],
)
def test_the_directories_that_have_a_file_of_a_name_are_found(name: str, directories: tuple[str, ...]) -> None:
    assert FILES.directories_with(name) == directories


def test_an_empty_tree_holds_nothing() -> None:
    assert not Files().holds(".")
    assert Files().within(".") == ()


@pytest.mark.parametrize(
    ("path", "directory", "below"),
    [
        ("a/b", "a", True),
        ("a/b/c", "a", True),
        ("a", "a", False),
        ("ab", "a", False),
        ("a", ".", True),
        (".", ".", False),
        ("a", "a/b", False),
    ],
)
def test_a_path_is_below_a_directory_that_is_around_it(path: str, directory: str, below: bool) -> None:
    assert is_below(path, directory) is below


@pytest.mark.parametrize(
    ("directory", "hidden"),
    [(".git", True), ("a/.terraform/b", True), (".", False), ("a/b.c", False), ("./a", False), ("..", True)],
)
def test_a_directory_is_hidden_where_a_name_on_its_way_begins_with_a_dot(directory: str, hidden: bool) -> None:
    assert is_hidden(directory) is hidden


def test_the_input_digest_is_the_sha256_of_path_mode_and_id_in_order() -> None:
    """Written down, since plans that are stored compare with it."""
    text = b"a/main.tf\x00100644\x00id of a/main.tf\ntop.tf\x00100644\x00id of top.tf\n"
    assert input_digest(Commit(FILES), ["top.tf", "a/main.tf"]) == hashlib.sha256(text).hexdigest()


def test_the_order_in_which_files_are_named_is_no_input() -> None:
    assert input_digest(Commit(FILES), ["a.tf", "top.tf"]) == input_digest(Commit(FILES), ["top.tf", "a.tf"])


@pytest.mark.parametrize("entry", [TreeEntry("100755", "id of top.tf"), TreeEntry("100644", "other")])
def test_another_mode_or_content_is_another_input(entry: TreeEntry) -> None:
    assert input_digest(Commit(Files(FILES | {"top.tf": entry})), ["top.tf"]) != input_digest(Commit(FILES), ["top.tf"])


def test_a_name_that_is_no_utf_8_has_a_digest() -> None:
    odd = b"caf\xe9.tf".decode(errors="surrogateescape")
    text = b"caf\xe9.tf\x00100644\x00x\n"
    files = Files({odd: TreeEntry("100644", "x")})
    assert input_digest(Commit(files), [odd]) == hashlib.sha256(text).hexdigest()


def test_files_are_known_by_what_their_names_end_in() -> None:
    files = Files({path: TreeEntry("100644", path) for path in ("b/x.hcl", "a.hcl", "a.tf", "hcl", "c/.hcl")})
    assert files.with_extension("hcl") == ("a.hcl", "b/x.hcl", "c/.hcl", "hcl")
    assert files.with_extension("json") == ()
