"""A secret is known however programs print it."""

import base64
import json
import re
import shlex
from urllib.parse import quote, quote_plus

import pytest

from bot.core.secret_spellings import alone, encoded_spellings, escaped_spellings

SECRET = 'p<w&d "é" x1'
GO = json.dumps(SECRET, ensure_ascii=False)[1:-1].replace("<", r"\u003c").replace("&", r"\u0026")


@pytest.mark.parametrize(
    "printed",
    [
        SECRET,
        json.dumps(SECRET)[1:-1],
        json.dumps(json.dumps({"password": SECRET}, ensure_ascii=False)).split(r"\": \"")[1][: -len('\\"}"')],
        GO,
        json.dumps(GO)[1:-1],
    ],
)
def test_as_json_of_python_terraform_and_go(printed: str) -> None:
    assert printed in set(escaped_spellings(SECRET))


@pytest.mark.parametrize(
    "printed",
    [
        quote(SECRET, safe=""),
        quote_plus(SECRET),
        shlex.quote("it's " + SECRET),
        base64.b64encode(SECRET.encode()).decode(),
        base64.b64encode(f"user:{SECRET}".encode()).decode(),
        base64.urlsafe_b64encode(f"u:{SECRET}".encode()).decode(),
    ],
)
def test_as_addresses_shells_and_base64_have_it(printed: str) -> None:
    spellings = {*encoded_spellings(SECRET), *encoded_spellings("it's " + SECRET)}
    assert any(spelling in printed for spelling in spellings)


@pytest.mark.parametrize("text", ["web-adapter", "my.web", "webs", "a-web", "web_1"])
def test_a_short_one_is_no_part_of_a_name(text: str) -> None:
    assert not re.search(alone("web"), text)


@pytest.mark.parametrize("text", ["web", '"web"', "pw=web;", "(web)", "web.", "web\n"])
def test_a_short_one_is_known_where_it_stands_alone(text: str) -> None:
    assert re.search(alone("web"), text)
