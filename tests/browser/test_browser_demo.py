"""The demo, played by clicking on the forge's page: comment, approve, apply, merge, take back."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.opening import Visits
from tests.browser.playing import PATIENCE_MILLISECONDS, Demo, act_as, comment, said_by_the_bot

BASTION = {"network/bastion.tf": 'resource "terraform_data" "bastion" {\n  input = "10.0.0.9"\n}\n'}


def test_a_change_is_planned_approved_applied_and_taken_back_in_both_ways(page: Page, demo: Demo) -> None:
    number = demo.propose("bastion", "Add a bastion", BASTION)
    page.goto(demo.address(number))
    plan = said_by_the_bot(page, "1 to create", "What blocks the apply")
    expect(plan.get_by_role("table")).to_contain_text("network")
    comment(page, "/plan")
    expect(page.locator("article", has_text="/plan").filter(has_text="👀")).to_be_visible(timeout=PATIENCE_MILLISECONDS)
    said_by_the_bot(page, "1 to create", "What blocks the apply")

    act_as(page, "bob")
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("1 of 1 approval").last).to_be_attached(timeout=PATIENCE_MILLISECONDS)
    act_as(page, "alice")
    comment(page, "/apply")
    said_by_the_bot(page, "Applied", "Merged as")
    expect(_state(page)).to_have_text(re.compile("merged", re.IGNORECASE), timeout=PATIENCE_MILLISECONDS)

    comment(page, "/rollback")
    _follow_another_pull(page, number)
    said_by_the_bot(page, "1 to destroy", "terraform_data.bastion", "What blocks the apply")
    page.goto(demo.address(number))
    page.get_by_role("button", name="Revert").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text('Revert "Add a bastion"')
    assert page.url != demo.address(number)
    said_by_the_bot(page, "1 to destroy", "terraform_data.bastion", "What blocks the apply")


def _follow_another_pull(page: Page, number: int) -> None:
    """Go where the bot's answer leads."""
    links = page.locator("article", has_text="gitops-bot").locator(f'a[href*="/pull/"]:not([href*="/pull/{number}"])')
    links.last.click(timeout=PATIENCE_MILLISECONDS)
    expect(page).to_have_url(re.compile(r"/pull/\d+$"))


def test_what_one_may_not_do_is_said_where_one_tried_it(visits: Visits, demo: Demo) -> None:
    page = visits.page()
    page.goto(demo.address(demo.number))
    act_as(page, "alice")
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_role("alert")).to_contain_text("approve your own")


def test_what_one_writes_stays_while_the_page_changes(page: Page, demo: Demo) -> None:
    page.goto(demo.address(demo.number))
    box = page.get_by_label("comment", exact=True)
    box.fill("half a sentence")
    demo.stage.alice.comment(demo.stage.repo, demo.number, "somebody else was quicker")
    expect(page.get_by_text("somebody else was quicker")).to_be_visible()
    expect(box).to_have_value("half a sentence")


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_one_talks_with_the_bot_with_and_without_scripts(visits: Visits, demo: Demo, scripts: bool) -> None:
    page = visits.page(java_script_enabled=scripts)
    page.goto(demo.address(demo.number))
    page.get_by_label("acting as").select_option("bob")
    if not scripts:
        page.get_by_role("button", name="change", exact=True).click()
    expect(page.get_by_label("acting as")).to_have_value("bob")
    words = f"spoken {'with' if scripts else 'without'} scripts"
    comment(page, words)
    expect(page.locator("article", has_text="bob").filter(has_text=words)).to_be_visible()


def _state(page: Page) -> Locator:
    return page.locator("main .state").first
