"""The demo, played by clicking: plan, approve, apply, merge, revert, and what the bot's own pages say of it."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser import demo
from tests.browser.window import PHONE, Windows
from tests.server.house import TOKEN


@pytest.mark.timeout(170)
def test_a_pull_request_is_planned_approved_applied_and_reverted_by_clicking(tmp_path: Path, windows: Windows) -> None:
    with demo.staged(tmp_path / "stage") as stage:
        page = windows.open(token=None)
        page.goto(demo.pull_page(stage, 2))
        demo.comment(page, "/plan")
        expect(page.locator(".comment", has_text="/plan").locator(".tag[title]").first).to_be_visible()
        demo.said(page, "What blocks the apply")
        demo.approve(page)
        demo.said(page, "1 of 1 approval")
        link = page.locator(".comment.bot a[href*='/runs/']").first.get_attribute("href")
        assert link is not None

        run = windows.open(token=None)
        run.goto(link)  # the signed link opens that run, and nothing else
        expect(run.locator(".gate .met").first).to_be_visible()
        assert run.locator("nav[aria-label=Pages], a[href*='/projects']").count() == 0
        expect(run.locator("a.node")).to_have_count(3)

        demo.comment(page, "/apply")
        demo.merged(page)
        demo.said(page, "Applied")
        page.get_by_role("button", name="Revert").click()
        page.wait_for_url("**/pull/3")
        demo.said(page, "What blocks the apply")
        demo.approve(page)
        demo.said(page, "1 of 1 approval")
        page.get_by_role("button", name="Merge", exact=True).click()
        demo.merged(page)

        ours = windows.open(PHONE, token=None)
        ours.goto(f"{stage.bot_url}/projects")
        ours.get_by_label("Token").fill(TOKEN)
        ours.get_by_role("button", name="Sign in").click()
        ours.get_by_role("link", name="shop:default").click()
        expect(ours.locator(".past li .state.done").nth(1)).to_be_visible()
        expect(ours.locator(".past li").last).to_contain_text("by alice")
        ours.get_by_role("link", name="Locks").click()
        expect(ours.locator("h1")).to_have_text("Locks and freezes")
        assert not ours.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
        page.set_viewport_size(PHONE)
        assert not page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
        windows.close()
        windows.complaints[:] = [one for one in windows.complaints if "401" not in one]  # the form before signing in
