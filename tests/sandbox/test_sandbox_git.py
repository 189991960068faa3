"""git against the sandbox: clone, push, fetch, and who may."""

import os
import subprocess

import pytest

from tests.sandbox.running import Place, furnish


def test_what_was_pushed_is_cloned(place: Place) -> None:
    clone = place.bob.clone(place.repo, place.directory / "bob")
    assert (clone / "README.md").read_text() == "one\ntwo\nthree\n"


def test_a_push_larger_than_gits_buffer_arrives(place: Place) -> None:
    noise = os.urandom(1_500_000).hex()
    tip = place.alice.push(place.clone, {"big.txt": noise}, "main", "Much")
    clone = place.bob.clone(place.repo, place.directory / "bob")
    assert place.bob.git(clone, "rev-parse", "HEAD") == tip
    assert (clone / "big.txt").read_text() == noise


def test_the_head_of_a_pull_request_is_fetched_by_its_number(place: Place) -> None:
    number = place.propose({"README.md": "x\n"})
    place.bob.clone(place.repo, place.directory / "bob")
    place.bob.git(place.directory / "bob", "fetch", "--quiet", "origin", f"refs/pull/{number}/head")
    assert place.bob.git(place.directory / "bob", "rev-parse", "FETCH_HEAD") == place.head(number)
    newer = place.alice.push(place.clone, {"README.md": "y\n"}, "change", "again")
    place.bob.git(place.directory / "bob", "fetch", "--quiet", "origin", f"refs/pull/{number}/head")
    assert place.bob.git(place.directory / "bob", "rev-parse", "FETCH_HEAD") == newer == place.head(number)


def test_a_single_commit_is_fetched_by_its_id(place: Place) -> None:
    tip = place.alice.git(place.clone, "rev-parse", "HEAD")
    place.alice.push(place.clone, {"README.md": "x\n"}, "main", "More")
    address = place.alice.git(place.clone, "remote", "get-url", "origin")
    place.alice.git(place.directory, "init", "--quiet", "empty")
    place.alice.git(place.directory / "empty", "fetch", "--quiet", "--depth=1", address, tip)
    assert place.alice.git(place.directory / "empty", "rev-parse", "FETCH_HEAD") == tip


@pytest.mark.parametrize(("who", "says"), [("carol", "403"), ("mallory", "not found")])
def test_only_writers_push(place: Place, who: str, says: str) -> None:
    address = f"{place.forge.url.replace('://', f'://{who}:{getattr(place, who).token}@')}/{place.repo}.git"
    with pytest.raises(RuntimeError, match=says):
        place.alice.git(place.clone, "push", "--quiet", address, "HEAD:refs/heads/theirs")


def test_a_private_repository_is_hidden_from_strangers_and_a_public_one_is_not(place: Place) -> None:
    public = furnish(place.forge, place.directory / "public", private=False)

    def reads(repo: str) -> bool:
        env = {"PATH": os.defpath, "GIT_TERMINAL_PROMPT": "0"}
        command = ["git", "ls-remote", f"{place.forge.url}/{repo}.git"]
        return subprocess.run(command, env=env, capture_output=True, check=False).returncode == 0

    assert reads(public.repo)
    assert not reads(place.repo)
    with pytest.raises(RuntimeError, match="not found"):
        place.mallory.clone(place.repo, place.directory / "mallory")
