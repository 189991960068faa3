"""What tests measure on a page, and the ways from page to page: every page that links lead to, one or two of a kind."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import parse_qsl, urldefrag, urlsplit

from playwright.sync_api import Page

from tests.browser.opening import DESK, PHONE

OF_A_KIND, PAGES = 2, 40
ID = re.compile(r"/([0-9a-f]{12}|\d+|r\d+)(?=/|$)")
LINKS = "all => all.map(one => one.href)"
SAID = "main h1, main h2, main .state, main summary"
MOMENT = re.compile(r"just now|(\d+ (s|min|h|days?) ?)+ago")

# Text that a reader can see, against what is painted behind it: WCAG 2.2, 1.4.3. What is faded counts as seen through.
FAINT = """
() => {
  const known = new Map();
  const numbers = (colour) => known.get(colour) ?? known.set(colour, read(colour)).get(colour);
  const read = (colour) => {
    const canvas = read.canvas ??= new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = (top, below) => [0, 1, 2].map(i => top[i] * top[3] + below[i] * (1 - top[3])).concat(1);
  const light = (colour) => colour.slice(0, 3).map(part => part / 255)
    .map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
    .reduce((sum, part, i) => sum + part * [0.2126, 0.7152, 0.0722][i], 0);
  const painted = (element) => {
    const box = element.matches("a.node") && element.querySelector("rect");
    return numbers(box ? getComputedStyle(box).fill : getComputedStyle(element).backgroundColor);
  };
  const behind = (element) => {
    const layers = [];
    for (let at = element; at; at = at.parentElement) layers.unshift(painted(at));
    const canvas = matchMedia("(prefers-color-scheme: dark)").matches ? [18, 18, 18, 1] : [255, 255, 255, 1];
    return layers.reduce((below, layer) => over(layer, below), canvas);
  };
  const faded = (element) => {
    let all = 1;
    for (let at = element; at; at = at.parentElement) all *= Number(getComputedStyle(at).opacity);
    return all;
  };
  const unread = "[aria-hidden=true], script, style, noscript, :disabled, option";
  const found = new Map();
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node; node = texts.nextNode();) {
    const element = node.parentElement;
    if (!node.data.trim() || element.closest(unread)) continue;
    if (!element.checkVisibility({ visibilityProperty: true, opacityProperty: true })) continue;
    const style = getComputedStyle(element), back = behind(element);
    const colour = numbers(element.closest("svg") && style.fill !== "none" ? style.fill : style.color);
    colour[3] *= faded(element);
    const [low, high] = [light(over(colour, back)), light(back)].sort((a, b) => a - b);
    const ratio = (high + 0.05) / (low + 0.05);
    const what = `${element.localName}.${element.className} ${ratio.toFixed(2)}`;
    if (ratio < 4.5) found.set(what, node.data.trim().slice(0, 40));
  }
  return [...found].map(([what, text]) => `${what}: ${text}`);
}
"""

WIDE = """
() => {
  const room = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= room && document.body.scrollWidth <= room) return [];
  const scrolls = (one) => one && one !== document.body && one !== document.documentElement
    && (getComputedStyle(one).overflowX !== "visible" || scrolls(one.parentElement));
  const wide = [...document.body.querySelectorAll("*")]
    .filter(one => one.getBoundingClientRect().right > room + 0.5 && !scrolls(one.parentElement))
    .map(one => `${one.localName}.${one.className} to ${Math.round(one.getBoundingClientRect().right)}`);
  return [`${document.documentElement.scrollWidth} in ${room}`, ...wide.slice(0, 5)];
}
"""

UNNAMED = """
() => [...document.querySelectorAll(
  "a[href], button, input:not([type=hidden]), select, textarea, summary, [role=region]"
)]
  .filter(one => one.checkVisibility())
  .filter(one => !(one.textContent.trim() || one.ariaLabel || one.labels?.length || one.title))
  .map(one => one.outerHTML.slice(0, 80))
"""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a page was like. `said` are its headings and states, but how long ago; `said_plainly` without scripts."""

    url: str
    said: tuple[str, ...]
    said_plainly: tuple[str, ...]
    wide: tuple[str, ...]
    faint: tuple[str, ...]
    unnamed: tuple[str, ...]
    titles: int


def look(page: Page, plain: Page) -> Seen:
    """On a phone and on a desk, by day and by night, as it comes and with all unfolded; leaves it unfolded."""
    said, said_plainly, closed = _spoken(page), _spoken(plain), wide(page)
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    return Seen(
        url=page.url,
        said=said,
        said_plainly=said_plainly,
        wide=closed + wide(page),
        faint=faint(page),
        unnamed=unnamed(page),
        titles=page.locator("h1").count(),
    )


def _spoken(page: Page) -> tuple[str, ...]:
    return tuple(MOMENT.sub("", text) for text in page.locator(SAID).all_inner_texts())


def wide(page: Page) -> tuple[str, ...]:
    """What makes the page scroll sideways; leaves the page on a desk."""
    found = []
    for size in (PHONE, DESK):
        page.set_viewport_size(size)
        found += page.evaluate(WIDE)
    return tuple(found)


def faint(page: Page) -> tuple[str, ...]:
    """Words whose contrast with what is behind them is less than 4.5 to 1; leaves it day."""
    found = []
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme)
        found += [f"{scheme}: {words}" for words in page.evaluate(FAINT)]
    return tuple(found)


def unnamed(page: Page) -> tuple[str, ...]:
    """What one can press or fill in that has no name for who does not see it."""
    return tuple(page.evaluate(UNNAMED))


def links(page: Page) -> list[str]:
    """The page's links to pages of the same server."""
    here = urlsplit(page.url).netloc
    found = [urldefrag(link).url for link in page.locator("a[href]").evaluate_all(LINKS)]
    return [link for link in dict.fromkeys(found) if urlsplit(link).netloc == here]


def kind(url: str) -> str:
    """Pages of a kind have the same path but for its ids, and are asked the same things."""
    parts = urlsplit(url)
    return ID.sub("/…", parts.path) + "?" + "&".join(sorted(name for name, _ in parse_qsl(parts.query)))


def walk(page: Page, *starts: str) -> Iterator[str]:
    """Opens every page that links lead to from there, two of a kind at most. Files that are no pages are left out."""
    waiting, seen, kinds = list(starts), set[str](), Counter[str]()
    while waiting and len(seen) < PAGES:
        url = waiting.pop(0)
        if url in seen or (url not in starts and kinds[kind(url)] >= OF_A_KIND):
            continue
        answer = page.context.request.get(url)
        if "text/html" not in answer.headers.get("content-type", ""):
            continue
        page.goto(url)
        seen.add(url)
        kinds[kind(url)] += 1
        waiting += links(page)
        yield url
