"""Keeps sensitive values out of everything that is shown: by the plan's own masks, and wherever else they occur."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from bot.core.exact_json import Number
from bot.core.secret_spellings import SHORTEST, SHORTEST_INFIX, alone, as_read, encoded_spellings, escaped_spellings

SENSITIVE = "(sensitive value)"
# So many texts, none longer than this, make one pattern; it needs some memory.
CHUNK, HUGE = 5_000, 10_000
MOST_MEMORY = 512 << 20
LONGEST_ENCODED = 512
"""Characters of a secret that is looked for in base64 and addresses too: a longer one is seldom sent whole."""
SECRET_NAME = re.compile(
    r"SECRET|TOKEN|PASS|PWD|PRIVATE|CREDENTIAL|ACCESS|AUTH(?!OR)|(^|_)(API|APP|ACCOUNT)?_?KEY|DSN|(^|_)PAT(_|$)|WEBHOOK|COOKIE",
    re.IGNORECASE,
)
PASSWORD = re.compile(r"://[^:/@\s]*:([^@\s]+)@")
RANDOM = re.compile(r"(?=.*[0-9])(?=.*[A-Za-z])[A-Za-z0-9+/=_.~-]{20,}")
NO_SECRETS = frozenset({"true", "false", "null", "none", "yes", "no", "on", "off"})
"""Words that are no secret even where a mask hides them, or nothing could be read any more."""
INSTANCE = re.compile(r'\["(?:[^"\\]|\\.)*"\]')


@dataclass(frozen=True, slots=True)
class Secrets:
    """Every text that is to be kept out of what is shown."""

    texts: frozenset[str]
    huge: tuple[str, ...] = field(init=False, compare=False, repr=False)
    patterns: tuple[Any, ...] = field(init=False, compare=False, repr=False)
    words: re.Pattern[str] | None = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        longest_first = sorted(self.texts, key=lambda text: (-len(text), text))
        infixes = [text for text in longest_first if SHORTEST_INFIX <= len(text) <= HUGE]
        words = [text for text in longest_first if len(text) < SHORTEST_INFIX]
        chunks = (infixes[start : start + CHUNK] for start in range(0, len(infixes), CHUNK))
        object.__setattr__(self, "huge", tuple(text for text in longest_first if len(text) > HUGE))
        object.__setattr__(self, "patterns", tuple(map(_compile_any, chunks)))
        object.__setattr__(self, "words", re.compile("|".join(map(alone, words))) if words else None)

    def hide(self, text: str) -> str:
        """The text with every secret replaced, the longest first."""
        for secret in self.huge:
            text = text.replace(secret, SENSITIVE)
        for pattern in self.patterns:
            text = str(pattern.sub(SENSITIVE, text))
        return self.words.sub(SENSITIVE, text) if self.words else text

    def hide_keys(self, address: str) -> str:
        """An address without secrets in its instances' keys; its names are in Git, so they are none."""
        return INSTANCE.sub(lambda match: self.hide(match[0]), address) if self.texts else address


class MaskedValue:
    """Stands in a value where the plan's mask hides something; equal to another when what they hide is equal."""

    __slots__ = ("_value",)

    def __init__(self, value: object) -> None:
        self._value = repr(value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, MaskedValue) and self._value == other._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __repr__(self) -> str:
        return SENSITIVE


class UnknownValue:
    """Stands where a value is known only after the apply."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return False

    def __hash__(self) -> int:
        return 0

    def __repr__(self) -> str:
        return "(known after apply)"


def apply_mask(value: Any, mask: Any, unknown: Any = None) -> Any:
    """Put MaskedValue where the mask says true and UnknownValue where `unknown` does. Masks may be ragged."""
    if mask is True:
        return MaskedValue(value)
    if unknown is True:
        return UnknownValue()
    if isinstance(value, dict) or isinstance(unknown, dict):
        fields = value if isinstance(value, dict) else {}
        unknown_fields = unknown if isinstance(unknown, dict) else {}
        keys = [*fields, *(key for key in unknown_fields if key not in fields and _has_unknown(unknown_fields[key]))]
        return {key: apply_mask(fields.get(key), _key_mask(mask, key), _key_mask(unknown, key)) for key in keys}
    if isinstance(value, list) or isinstance(unknown, list):
        elements = value if isinstance(value, list) else []
        length = max(len(elements), len(unknown) if isinstance(unknown, list) else 0)
        return [
            apply_mask(elements[i] if i < len(elements) else None, _index_mask(mask, i), _index_mask(unknown, i))
            for i in range(length)
        ]
    return value


def secret_texts(value: Any, mask: Any) -> Iterator[str]:
    """Every text, long enough to be told from others, that the mask hides."""
    if mask is True:
        yield from _texts(value)
    elif isinstance(value, dict) and isinstance(mask, dict):
        for key in value:
            yield from secret_texts(value[key], mask.get(key))
    elif isinstance(value, list) and isinstance(mask, list):
        for child, child_mask in zip(value, mask, strict=False):
            yield from secret_texts(child, child_mask)


def environment_secrets(environment: Mapping[str, str]) -> Iterator[str]:
    """What a program is given in secret: by a variable's name, as a password in an address, or as it looks drawn.

    For errors, of which no plan tells a mask.
    """
    for name, value in environment.items():
        if SECRET_NAME.search(name) or RANDOM.fullmatch(value):
            yield from _texts(value)
        for password in PASSWORD.findall(value):
            yield from _texts(unquote(password))
            yield from _texts(password)


def _compile_any(texts: Sequence[str]) -> Any:
    """A pattern whose cost hardly grows with how many texts there are."""
    import re2  # type: ignore[import-untyped]  # it comes without types

    options = re2.Options()
    options.longest_match = True
    options.log_errors = False
    options.max_mem = MOST_MEMORY
    return re2.compile("|".join(re2.escape(text) for text in texts), options)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for child in value.values():
            yield from _texts(child)
    elif isinstance(value, list):
        for child in value:
            yield from _texts(child)
    elif isinstance(value, str):
        text = as_read(value)
        for line in {text, *text.splitlines()}:
            if len(line.strip()) >= SHORTEST_INFIX:
                yield from escaped_spellings(line)
                yield from encoded_spellings(line) if len(line) <= LONGEST_ENCODED else ()
            elif len(line.strip()) >= SHORTEST and line.lower() not in NO_SECRETS:
                yield line
    elif isinstance(value, int | Number) and not isinstance(value, bool) and len(str(value)) >= SHORTEST_INFIX:
        yield str(value)


def _has_unknown(unknown: Any) -> bool:
    if isinstance(unknown, dict):
        return any(map(_has_unknown, unknown.values()))
    return any(map(_has_unknown, unknown)) if isinstance(unknown, list) else bool(unknown)


def _key_mask(mask: Any, key: str) -> Any:
    return mask.get(key) if isinstance(mask, dict) else None


def _index_mask(mask: Any, index: int) -> Any:
    return mask[index] if isinstance(mask, list) and index < len(mask) else None
