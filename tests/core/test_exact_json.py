"""JSON whose numbers keep every digit."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.exact_json import Number, dumps, load_literally, loads


@pytest.mark.parametrize(
    ("text", "alike"),
    [
        ("1", ("1.0", "1.00e0", "10e-1", "0.1e+1")),
        ("0", ("-0", "0.0", "0e5", "-0.000")),
        ("-12.5", ("-12.50", "-125e-1", "-0.00125e4")),
        ("1e400", ("10e399", "1" + "0" * 400)),
        ("9007199254740993", ("9007199254740993.0", "9007199254740.993e3")),
    ],
)
def test_equal_numbers_are_equal_however_they_are_written(text: str, alike: tuple[str, ...]) -> None:
    assert [loads(other) for other in alike] == [loads(text)] * len(alike)
    assert {dumps(loads(other)) for other in alike} == {dumps(loads(text))}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("9007199254740993.5", "9007199254740993.25"),
        ("1.00000000000000000001", "1.00000000000000000002"),
        ("1e400", "1e401"),
        ("5e-324", "4e-324"),
        ("9" * 5000, "9" * 4999 + "8"),
        ("1e99999999999999999999", "1e99999999999999999998"),
        ("1", "true"),
    ],
)
def test_different_numbers_are_different_and_none_loses_a_digit(one: str, other: str) -> None:
    assert repr(loads(one)) != repr(loads(other))
    assert dumps(loads(one)) == one


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_a_number_means_the_same_after_it_was_read(number: Decimal) -> None:
    assert Decimal(dumps(loads(str(number)))) == number


@given(
    st.recursive(
        st.none() | st.booleans() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_what_is_no_number_is_written_as_others_write_it(document: object) -> None:
    assert dumps(document) == json.dumps(document, sort_keys=True, separators=(",", ":"))
    assert dumps(document, readable=True) == json.dumps(document, sort_keys=True, ensure_ascii=False)


def test_literal_numbers_differ_as_their_text_does() -> None:
    assert load_literally('{"a": 1.0}') != load_literally('{"a": 1}')
    assert load_literally("[1]") == [Number("1")]


@pytest.mark.parametrize("text", ['{"a": 1, "a": 2}', "NaN", "[Infinity]", "{"])
def test_what_would_not_be_the_same_text_again_is_not_read(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        load_literally(text)


def test_half_a_character_becomes_a_question_mark() -> None:
    assert loads('["a\\ud800b", 1.5]') == ["a?b", Number("1.5")]


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("0.5", "0.5"),
        ("0.05", "0.05"),
        ("12.50", "12.5"),
        ("1e60", "1" + "0" * 60),
        ("1e61", "1e61"),
        ("1e-61", "0." + "0" * 60 + "1"),
        ("1e-62", "1e-62"),
        ("10e" + "9" * 18, "1e1" + "0" * 18),
        ("10e" + "9" * 19, "10e" + "9" * 19),
        ("9" * 19, "9" * 19),
    ],
)
def test_a_number_is_written_out_as_far_as_that_helps_to_read_it(text: str, written: str) -> None:
    number = loads(text)
    assert isinstance(number, Number)
    assert number.text == repr(number) == written


@pytest.mark.parametrize("text", ["5", "50", "-7", "1e17", "9" * 18])
def test_a_short_whole_number_is_pythons_own(text: str) -> None:
    number = loads(text)
    assert isinstance(number, int)
    assert number == int(float(text)) if "e" in text else int(text)


def test_equal_numbers_have_one_hash_and_others_hardly_ever() -> None:
    assert hash(loads("1.5")) == hash(loads("15e-1"))
    assert len({hash(Number(str(digit))) for digit in range(100)}) > 1


def test_a_refusal_says_what_is_wrong() -> None:
    with pytest.raises(ValueError, match="^NaN is no JSON$"):
        loads("NaN")
    with pytest.raises(ValueError, match="^a key is there twice$"):
        load_literally('{"a": 1, "a": 2}')
