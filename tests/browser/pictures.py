"""Takes the README's pictures of the demo as it is: `python -m tests.browser.pictures` writes them into docs/."""

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page

from tests.browser import demo
from tests.browser.window import Windows, running

DOCS = Path(__file__).resolve().parents[2] / "docs"
SIZE = {"width": 1040, "height": 900}
TALLEST = 1240
NUMBER = 2


def main() -> int:
    with (
        tempfile.TemporaryDirectory() as directory,
        running() as browser,
        demo.staged(Path(directory) / "stage") as stage,
    ):
        windows = Windows(browser)
        page = windows.open(SIZE, token=None)
        page.goto(demo.pull_page(stage, NUMBER))
        page.locator(".comment.bot", has_text="What blocks the apply").last.screenshot(path=DOCS / "comment.png")
        run = page.locator(".comment.bot a[href*='/runs/']").first.get_attribute("href") or ""
        for name, dark in (("run.png", False), ("run-dark.png", True)):
            _take(windows.open(SIZE, dark=dark), run.partition("?")[0], DOCS / name)
        windows.close()
    return 0


def _take(page: Page, address: str, path: Path) -> None:
    page.goto(address)
    page.locator("section.project").first.wait_for()
    page.locator("#p1 details.item, #p4 details.item").first.evaluate("(one) => { one.open = true; }")
    height = min(TALLEST, int(page.evaluate("document.documentElement.scrollHeight")))
    page.set_viewport_size({"width": SIZE["width"], "height": height})
    page.screenshot(path=path)


if __name__ == "__main__":
    sys.exit(main())
