"""Runs a browser and opens pages in it; keeps what pages complain of: errors, refused scripts and styles."""

import contextlib
from collections.abc import Iterator
from typing import Any

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from tests.browser.program import FLAGS, find

PATIENCE_MILLISECONDS = 30_000
DESK, PHONE = {"width": 1280, "height": 900}, {"width": 375, "height": 740}
VIOLATIONS = """
addEventListener("securitypolicyviolation", (event) =>
  console.error(`refused by the policy: ${event.violatedDirective} ${event.blockedURI}`));
"""


@contextlib.contextmanager
def running() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find(), headless=True, args=list(FLAGS))
        yield browser
        browser.close()


@contextlib.contextmanager
def visiting(browser: Browser) -> Iterator["Visits"]:
    """At the end no page may have complained."""
    made = Visits(browser)
    yield made
    made.close()
    assert made.complaints == []


class Visits:
    """Pages in contexts of their own, so that no cookie goes from one to another."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._contexts: list[BrowserContext] = []
        self.complaints: list[str] = []

    def page(self, **how: Any) -> Page:
        """A page on a desk, unless told otherwise: `viewport`, `color_scheme`, `java_script_enabled`."""
        context = self._browser.new_context(**({"viewport": DESK, "color_scheme": "light"} | how))
        context.set_default_timeout(PATIENCE_MILLISECONDS)
        if how.get("java_script_enabled", True):
            context.add_init_script(VIOLATIONS)
        self._contexts.append(context)
        context.on("console", self._note)
        context.on("weberror", lambda error: self.complaints.append(f"error: {error.error}"))
        return context.new_page()

    def _note(self, said: ConsoleMessage) -> None:
        """That a page itself was answered with 401, 404 or 422 is no complaint of the page."""
        here = said.page.url if said.page else ""
        about_itself = said.text.startswith("Failed to load resource") and said.location["url"] == here
        if said.type in ("error", "warning") and not about_itself:
            self.complaints.append(f"{said.type}: {said.text} ({said.location['url']}) on {here}")

    def close(self) -> None:
        for context in self._contexts:
            context.close()
