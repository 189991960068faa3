"""A secret is known however programs print it."""

import base64
import json
import os
import re
import shlex
from urllib.parse import quote, quote_plus

import pytest

from bot.core.secret_spellings import alone, as_read, base64_spellings, encoded_spellings, escaped_spellings

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


def test_a_stroke_is_encoded_or_left_and_half_a_character_harms_nothing() -> None:
    spellings = {*encoded_spellings("a/b c&d")}
    assert {"a%2Fb%20c%26d", "a/b%20c%26d", "a%2Fb+c%26d"} < spellings
    assert base64.b64encode(b"pass?word").decode() in set(encoded_spellings("pass\ud800word"))


@pytest.mark.parametrize("length", [4, 5, 6, 7, 8, 13])
def test_of_base64_just_what_stays_wherever_the_value_stands_is_known(length: int) -> None:
    value = bytes(range(0xF1, 0xF1 + length))
    expected = set()
    for before in range(3):
        for alphabet in (base64.standard_b64encode, base64.urlsafe_b64encode):
            texts = [alphabet(other * before + value + other * 3).decode() for other in (b"\0", b"\xff", b"\x55")]
            start, end = (before * 8 + 5) // 6, (before + length) * 8 // 6
            (core,) = {text[start:end] for text in texts}
            expected |= {core} if len(core) >= 8 else set()
    whole = {base64.standard_b64encode(value).decode(), base64.urlsafe_b64encode(value).decode()}
    assert set(base64_spellings(value)) == expected | whole


def test_bytes_that_are_no_utf_8_read_as_they_are_decoded() -> None:
    printed = b"say caf\xe9-123".decode(errors="replace")
    assert as_read(os.fsdecode(b"caf\xe9-123")) in printed
    assert (as_read("\ud800x"), as_read("plain é")) == ("?x", "plain é")
