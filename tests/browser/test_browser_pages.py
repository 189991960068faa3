"""Every page that links lead to, the bot's and the forge's: by phone, in light and dark, by keyboard, without scripts.

That no page complains and that the policy refuses nothing is looked at where each of these tests ends (`visits`).
"""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.looking import faint, unnamed, walk, wide
from tests.browser.opening import PHONE, Visits
from tests.browser.playing import Demo, said_by_the_bot, sign_in

MOST_TABS = 80
MOMENT = re.compile(r"just now|(\d+ (s|min|h|days?) ?)+ago")
SAID = "main h1, main h2, main .state, main summary"


@pytest.fixture(scope="session")
def addresses(browser: Browser, demo: Demo) -> tuple[str, ...]:
    """From the forge, the bot, and what nobody links to."""
    visits, bot = Visits(browser), demo.stage.bot_url
    page = visits.page()
    sign_in(page, demo)
    starts = (f"{demo.stage.forge.url}/", demo.address(demo.number), f"{bot}/runs", f"{bot}/locks", f"{bot}/runs/gone")
    found = walk(page, *starts)
    visits.close()
    return tuple(found)


def test_links_lead_to_every_kind_of_page(addresses: tuple[str, ...]) -> None:
    paths = [urlsplit(url).path for url in addresses]
    for kind in (r"/", r"/acme/infra/pull/\d+", r"/runs", r"/runs/\w{12}", r"/runs/\w{12}/log", r"/locks"):
        assert any(re.fullmatch(kind, path) for path in paths), kind


def test_no_page_scrolls_sideways_on_a_phone_and_all_one_can_press_has_a_name(
    visits: Visits, demo: Demo, addresses: tuple[str, ...]
) -> None:
    page = visits.page(viewport=PHONE)
    for url in _each(page, demo, addresses):
        assert wide(page) == [], url
        assert unnamed(page) == [], url


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_stand_out_from_what_is_behind_them(
    visits: Visits, demo: Demo, addresses: tuple[str, ...], scheme: str
) -> None:
    page = visits.page(color_scheme=scheme)
    for url in _each(page, demo, addresses):
        assert faint(page) == [], url


def test_the_plan_is_opened_by_keyboard_alone(page: Page, demo: Demo) -> None:
    page.goto(demo.address(demo.number))
    said_by_the_bot(page, "What blocks the apply")
    _go_to(page, "run page")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Plan")
    told = page.get_by_text("10.0.0.0/16").or_(page.get_by_text("triggers_replace")).or_(page.get_by_text("zone"))
    before = told.locator("visible=true").count()
    _go_to(page, 'terraform_data.subnet["b"]')
    page.keyboard.press("Enter")
    expect(told.locator("visible=true").nth(before)).to_be_visible()


def test_the_first_tab_leads_past_what_every_page_has(page: Page, demo: Demo) -> None:
    sign_in(page, demo)
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("Skip to the content")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.locator("main :focus").count() == 1


def test_pages_say_the_same_without_scripts(visits: Visits, demo: Demo, addresses: tuple[str, ...]) -> None:
    plain, scripted = visits.page(java_script_enabled=False), visits.page()
    for url, _ in zip(_each(plain, demo, addresses), _each(scripted, demo, addresses), strict=True):
        said = [[MOMENT.sub("", text) for text in page.locator(SAID).all_inner_texts()] for page in (plain, scripted)]
        assert said[0] == said[1] != [], url


def _each(page: Page, demo: Demo, addresses: tuple[str, ...]) -> Iterator[str]:
    """Open one after the other, the door first."""
    page.goto(f"{demo.stage.bot_url}/runs")
    yield page.url
    sign_in(page, demo)
    for url in addresses:
        page.goto(url)
        yield url


def _go_to(page: Page, words: str) -> None:
    """Press Tab until what has the focus says this."""
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        if words in page.evaluate("document.activeElement.textContent"):
            return
    raise AssertionError(f"{MOST_TABS} times Tab did not lead to {words}")
