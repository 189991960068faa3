"""The page of a pull request: what it shows, what it never lets through, and what its buttons do."""

import re

import pytest
import requests

from sandbox.forge.markdown import render_markdown
from tests.sandbox.running import Place


class Reader:
    """Somebody at the page."""

    def __init__(self, place: Place, number: int, login: str) -> None:
        self.session = requests.Session()
        self.session.trust_env = False
        self.url = f"{place.forge.url}/{place.repo}/pull/{number}"
        self.does(**{"as": login})

    def sees(self) -> str:
        return self.session.get(self.url, timeout=10).text

    def does(self, **form: str) -> requests.Response:
        return self.session.post(self.url, data=form, timeout=10)


def test_a_comment_is_shown_as_github_shows_it() -> None:
    page = render_markdown(
        "<!-- gitops-bot {} -->\n### Plan\n\n| a | b |\n|---|---|\n| 1 | `2` |\n\n> [!CAUTION]\n> It destroys.\n\n"
        "<details><summary>more</summary>\n\n```diff\n+ new\n- old\n! changed\n  same\n```\n\n</details>\n"
    )
    assert "gitops-bot" not in page
    for part in (
        "<h3>Plan</h3>",
        "<td><code>2</code></td>",
        '<blockquote class="alert caution">',
        "<b>Caution</b>",
        "<details><summary>more</summary>",
        '<span class="plus">+ new',
        '<span class="minus">- old',
        '<span class="bang">! changed',
    ):
        assert part in page, part
    assert page.count("</details>") == 1


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "words <script>alert(1)</script> in a line",
        "<img src=x onerror=alert(1)>",
        "<svg onload=alert(1)>",
        "<details open onclick=alert(1)>x</details>",
        "<details\nontoggle=alert(1) open>x</details>",
        "<b onmouseover=alert(1)>x</b>",
        "<a href='javascript:alert(1)'>x</a>",
        "<iframe src=//evil.test></iframe>",
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "[x](&#106;avascript:alert(1))",
        "![x](javascript:alert(1))",
        "<javascript:alert(1)>",
        '[x](http://a.test "\\" onmouseover=alert(1)")',
        "<!-- --><script>alert(1)</script>",
        "<!--<img src=x onerror=alert(1)>",
        "```<img src=x onerror=alert(1)>\nx\n```",
        "```diff\n+ <img src=x onerror=alert(1)>\n```",
        "`<script>alert(1)</script>`",
        "> [!NOTE]\n> <script>alert(1)</script>",
        "| <script> |\n|---|\n| <img src=x onerror=alert(1)> |",
        "<style>*{display:none}</style>",
        "<form action=//evil.test><input>",
    ],
)
def test_hostile_text_stays_text(hostile: str) -> None:
    page = render_markdown(hostile)
    tags = re.findall(r"<[^>]*>", page)
    assert all(re.fullmatch(r'</?[a-z0-9]+( (class|href|src|alt|title|open)(="[^"]*")?)* ?/?>', tag) for tag in tags), (
        tags
    )
    assert not any(re.match(r"</?(script|img src=.x|svg|iframe|style|form|input)", tag) for tag in tags), tags
    assert not any(re.search(r'(href|src)="(?!https?:)[^"]*:', tag, re.IGNORECASE) for tag in tags), tags


def test_code_that_ends_a_fold_does_not_end_it() -> None:
    page = render_markdown("<details><summary>x</summary>\n\n```\n</details></article>\n```\n\n</details>")
    assert "&lt;/details&gt;&lt;/article&gt;" in page
    assert page.count("</details>") == 1


@pytest.mark.parametrize("left_open", ["<b>", "<details>", "<code>", "<details><summary><b>", "</details>", "</b></i>"])
def test_tags_left_open_do_not_leave_the_comment(left_open: str) -> None:
    page = render_markdown(f"{left_open} words\n\nmore")
    for tag in ("b", "i", "code", "details", "summary"):
        assert page.count(f"<{tag}>") == page.count(f"</{tag}>"), page


def test_the_page_shows_talk_reviews_statuses_and_changes(place: Place) -> None:
    number = place.propose({"README.md": "one\n<b>2</b>\nthree\n"})
    place.bot.comment(place.repo, number, "| a |\n|---|\n| 1 |")
    place.bob.approve(place.repo, number)
    path = f"/repos/{place.repo}/statuses/{place.head(number)}"
    place.bot.api("POST", path, context="plan", state="success", description="1 to <add>")
    page = Reader(place, number, "bob").sees()
    for part in ("<td>1</td>", ">bot</span>", "approved", "1 to &lt;add&gt;", "+&lt;b&gt;2&lt;/b&gt;", "-two", "Merge"):
        assert part in page, part


def test_one_talks_approves_and_merges_by_the_page(place: Place) -> None:
    number = place.propose({"a.txt": "a\n"})
    bob = Reader(place, number, "bob")
    bob.does(do="comment", body="/plan\r\nplease")
    bob.does(do="approve")
    assert [(c["user"]["login"], c["body"]) for c in place.alice.comments(place.repo, number)] == [
        ("bob", "/plan\nplease")
    ]
    bob.does(do="merge")
    assert place.alice.pull(place.repo, number)["merged_by"]["login"] == "bob"
    assert "Revert" in bob.sees()


def test_one_pushes_a_file_by_the_page(place: Place) -> None:
    number = place.propose({"a.txt": "a\n"})
    before = place.head(number)
    Reader(place, number, "bob").does(do="push", path="deep/b.txt", content="b\r\n")
    place.alice.git(place.clone, "fetch", "--quiet", "origin", "change")
    assert place.alice.git(place.clone, "show", "FETCH_HEAD:deep/b.txt") == "b"
    assert place.alice.git(place.clone, "rev-parse", "FETCH_HEAD^") == before
    assert place.head(number) == place.alice.git(place.clone, "rev-parse", "FETCH_HEAD")


@pytest.mark.parametrize("style", ["merge", "squash"])
def test_one_reverts_by_the_page(place: Place, style: str) -> None:
    number = place.propose({"README.md": "changed\n", "new.txt": "x\n"})
    bob = Reader(place, number, "bob")
    bob.does(do=style)
    landed = bob.does(do="revert")
    made = int(landed.url.rpartition("/")[2])
    pull = place.alice.pull(place.repo, made)
    assert (pull["title"], pull["user"]["login"]) == ('Revert "Change on change"', "bob")
    Reader(place, made, "alice").does(do="merge")
    place.alice.git(place.clone, "fetch", "--quiet", "origin", "main")
    assert place.alice.git(place.clone, "show", "FETCH_HEAD:README.md") == "one\ntwo\nthree"
    assert place.alice.git(place.clone, "ls-tree", "--name-only", "FETCH_HEAD") == "README.md"


def test_what_is_refused_is_said_on_the_page(place: Place) -> None:
    number = place.propose({"README.md": "changed\n"})
    own = Reader(place, number, "alice").does(do="approve")
    assert (own.status_code, "approve your own" in own.text) == (422, True)
    carol = Reader(place, number, "carol")
    for what in ("merge", "push", "close"):
        refused = carol.does(do=what, path="x", content="x")
        assert (refused.status_code, "carol may only read here" in refused.text) == (422, True), what
    for path in ("../x", "/x", ".git/config", ""):
        assert Reader(place, number, "bob").does(do="push", path=path, content="x").status_code == 422, path
    assert place.alice.pull(place.repo, number)["state"] == "open"


def test_the_page_of_a_pull_request_that_is_not_there_is_not_found(place: Place) -> None:
    assert requests.get(f"{place.forge.url}/{place.repo}/pull/99", timeout=5).status_code == 404
