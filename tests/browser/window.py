"""A browser's windows, opened as readers have them: wide or a phone, light or dark, with scripts or without."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.browser.program import FLAGS, find
from tests.server.house import TOKEN

PATIENCE_MILLISECONDS = 20_000
WIDE, PHONE = {"width": 1200, "height": 900}, {"width": 375, "height": 720}


@contextlib.contextmanager
def running() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        program = find()
        browser = playwright.chromium.launch(executable_path=program, headless=True, args=list(FLAGS))
        yield browser
        browser.close()


@dataclass
class Windows:
    """Opens pages and keeps what their consoles complain of."""

    browser: Browser
    complaints: list[str] = field(default_factory=list)
    opened: list[BrowserContext] = field(default_factory=list)

    def open(
        self, size: dict[str, int] = WIDE, *, dark: bool = False, scripts: bool = True, token: str | None = TOKEN
    ) -> Page:
        context = self.browser.new_context(
            viewport=size,
            color_scheme="dark" if dark else "light",
            java_script_enabled=scripts,
            extra_http_headers={"Authorization": f"Bearer {token}"} if token else {},
        )
        self.opened.append(context)
        context.set_default_timeout(PATIENCE_MILLISECONDS)
        page = context.new_page()
        page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        return page

    def close(self) -> None:
        for context in self.opened:
            context.close()
        self.opened.clear()
