"""The demo as people play it, on the sandbox forge's page. The tests click through it; the pictures are taken of it."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Page, expect

from bot.demo import scenes
from bot.demo.stage import Stage
from tests.server.house import TOKEN

PATIENCE_MILLISECONDS = 40_000


@contextlib.contextmanager
def staged(directory: Path) -> Iterator[Stage]:
    """The example repository, brought up, with a second pull request that has its plan."""
    with Stage(directory, {"SWEEP_EVERY": "2s", "SERVER__TOKEN": TOKEN}, private=True) as stage:
        files = scenes.example()
        clone = scenes.bring_up(stage, files)
        stage.alice.push(clone, scenes.changed_much(files), "bigger", "Grow the app, ship cart 2.1.0")
        number = stage.alice.open_pull(stage.repo, "bigger", "main", "Grow the app, ship cart 2.1.0")
        stage.comment_with(number, "What blocks the apply")
        yield stage


def pull_page(stage: Stage, number: int) -> str:
    return f"{stage.forge.url}/{stage.repo}/pull/{number}"


def act_as(page: Page, login: str) -> None:
    page.get_by_label("acting as").select_option(login)
    expect(page.locator("[name=as] option:checked")).to_have_text(login)


def comment(page: Page, words: str) -> None:
    page.get_by_label("comment").fill(words)
    page.get_by_role("button", name="Comment", exact=True).click()


def approve(page: Page) -> None:
    """As bob, who did not write it; then as alice again."""
    act_as(page, "bob")
    page.get_by_role("button", name="Approve").click()
    expect(page.locator(".review.approved").last).to_be_visible()
    act_as(page, "alice")


def said(page: Page, words: str) -> None:
    """Wait until the bot says so on this page, which shows it without being loaded again."""
    expect(page.locator(".comment.bot", has_text=words).last).to_be_visible(timeout=PATIENCE_MILLISECONDS)


def merged(page: Page) -> None:
    expect(page.locator(".wants .state.merged")).to_be_visible(timeout=PATIENCE_MILLISECONDS)
