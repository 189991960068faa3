"""Takes the README's pictures of the demo, into docs/: `python -m tests.browser.pictures`.

A person runs it when pages have changed. A picture is as sharp as a good screen unless it would be too large a file.
"""

import io
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.browser.opening import Visits, running
from tests.browser.playing import Demo, playing, said_by_the_bot
from tests.browser.program import lack

DOCS = Path(__file__).resolve().parents[2] / "docs"
LARGEST_BYTES = 250_000
SCALES = (2.0, 1.5, 1.0)
MARGIN, FACE = 16, 56


@dataclass(frozen=True, slots=True)
class Picture:
    """`what` is `comment` or `run`; a run's page is shown down to `height`."""

    name: str
    what: str
    scheme: str
    width: int
    height: int


PICTURES = (
    Picture("comment.png", "comment", "light", 960, 900),
    Picture("run.png", "run", "light", 1000, 1440),
    Picture("run-dark.png", "run", "dark", 1000, 1440),
)


def take(browser: Browser, demo: Demo, picture: Picture) -> bytes:
    """As PNG, as sharp as fits. Raises ValueError where no sharpness fits."""
    for scale in SCALES:
        visits = Visits(browser)
        viewport = {"width": picture.width, "height": picture.height}
        page = visits.page(viewport=viewport, color_scheme=picture.scheme, device_scale_factor=scale)
        page.goto(demo.address(demo.number))
        said_by_the_bot(page, "What blocks the apply")
        made = _small(_comment(page) if picture.what == "comment" else _run(page))
        visits.close()
        if len(made) < LARGEST_BYTES:
            return made
    raise ValueError(f"{picture.name} has {len(made)} bytes at its least sharp")


def main() -> int:
    """Set the demo up, take all of them, say what was made."""
    if why := lack():
        sys.stdout.write(f"{why}\n")
        return 1
    with (
        tempfile.TemporaryDirectory(prefix="gitops-bot-pictures-", ignore_cleanup_errors=True) as directory,
        playing(Path(directory) / "demo") as demo,
        running() as browser,
    ):
        for picture in PICTURES:
            made = take(browser, demo, picture)
            (DOCS / picture.name).write_bytes(made)
            sys.stdout.write(f"docs/{picture.name}: {len(made) // 1000} kB\n")
    return 0


def _small(picture: bytes) -> bytes:
    """In the 256 colours that come nearest: a third of the size, and nobody sees it."""
    made = io.BytesIO()
    Image.open(io.BytesIO(picture)).convert("RGB").quantize(256, dither=Image.Dither.NONE).save(
        made, "PNG", optimize=True
    )
    return made.getvalue()


def _comment(page: Page) -> bytes:
    """The plan's comment with a little of what is around it, one project's details open."""
    article = said_by_the_bot(page, "What blocks the apply")
    article.locator("summary", has_text="shop").first.click()
    box = article.bounding_box()
    assert box
    left = box["x"] - FACE - MARGIN
    area = {"x": left, "y": box["y"] - MARGIN, "height": box["height"] + 2 * MARGIN}
    return page.screenshot(full_page=True, clip={**area, "width": box["x"] + box["width"] + MARGIN - left})


def _run(page: Page) -> bytes:
    """By the comment's link, as people come there; the change that replaces something is open."""
    page.get_by_role("link", name="run page").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Plan")
    page.locator("summary", has_text='terraform_data.subnet["b"]').first.click()
    page.mouse.move(0, 0)
    page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
    return page.screenshot()


if __name__ == "__main__":
    sys.exit(main())
