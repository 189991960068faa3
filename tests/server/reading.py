"""Pages as a browser would read them."""

from html.parser import HTMLParser

from tests.server.house import PROJECT, House


class Page(HTMLParser):
    """A page's text and its elements with their attributes, as a browser would build them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def page_at(house: House, path: str) -> Page:
    answer = house.get(path)
    assert answer.status_code == 200, answer.text
    return Page(answer.text)


def write_log(house: House, run: str, text: bytes) -> None:
    path = house.doors.log_path(run, PROJECT.place)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text)
