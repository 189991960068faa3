"""The public client library for GitHub works against the sandbox as it is."""

from collections.abc import Iterator

import pytest
from github import Auth, Github, GithubException

from tests.sandbox.running import Place


@pytest.fixture
def github(place: Place) -> Iterator[Github]:
    made = Github(
        auth=Auth.Token(place.bob.token),
        base_url=f"{place.forge.url}/api/v3",
        per_page=2,
        retry=None,
        seconds_between_requests=0,
        seconds_between_writes=0,
    )
    yield made
    made.close()


def test_a_pull_request_is_lived_through(place: Place, github: Github) -> None:
    number = place.propose({"a.txt": "a\n"})
    repo = github.get_repo(place.repo)
    pull = repo.get_pull(number)
    assert (github.get_user().login, pull.user.login, pull.mergeable, pull.head.ref) == ("bob", "alice", True, "change")
    for word in ("one", "two", "three"):
        pull.create_issue_comment(word)
    comments = list(pull.get_issue_comments())
    assert [comment.body for comment in comments] == ["one", "two", "three"]
    comments[0].edit("first")
    comments[0].create_reaction("eyes")
    assert [
        reaction.content for reaction in repo.get_pull(number).get_issue_comment(comments[0].id).get_reactions()
    ] == ["eyes"]
    pull.create_review(event="APPROVE")
    assert [review.state for review in pull.get_reviews()] == ["APPROVED"]
    [commit] = pull.get_commits()
    commit.create_status("success", "https://ci.test/1", "fine", "ci")
    assert commit.get_combined_status().state == "success"
    done = pull.merge(sha=pull.head.sha, merge_method="squash")
    assert (done.merged, repo.get_pull(number).merged) == (True, True)


def test_a_pull_request_is_opened_edited_and_closed(place: Place, github: Github) -> None:
    repo = github.get_repo(place.repo)
    place.alice.push(place.clone, {"a.txt": "a\n"}, "change", "Change")
    pull = repo.create_pull(base="main", head="change", title="By the library", body="words")
    pull.edit(title="Another title", state="closed")
    assert [(found.title, found.state) for found in repo.get_pulls(state="all")] == [("Another title", "closed")]
    assert repo.get_collaborator_permission("carol") == "read"
    assert repo.full_name in [found.full_name for found in github.get_user().get_repos()]
    repo.create_git_ref("refs/heads/more", pull.head.sha)
    assert repo.get_branch("more").commit.sha == pull.head.sha
    with pytest.raises(GithubException) as refused:
        pull.merge()
    assert refused.value.status == 405
