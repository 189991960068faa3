"""The script that completes our commands in bash, 3.2 and newer, with nothing else installed. For `completion`."""

import shlex
from collections.abc import Iterable, Iterator, Sequence

from bot.cli.completion.parser_tree import Given, Level, Option, Value

SCRIPT = """\
# Completes {program} in bash. Made by `{program} completion bash`.
_gitops_bot_offer() {{
    case $1 in
        words) COMPREPLY=($(compgen -W "$2" -- "$cur")) ;;
        file) compopt -o filenames 2>/dev/null; local IFS=$'\\n'; COMPREPLY=($(compgen -f -- "$cur")) ;;
        directory) compopt -o filenames 2>/dev/null; local IFS=$'\\n'; COMPREPLY=($(compgen -d -- "$cur")) ;;
    esac
}}
_gitops_bot() {{
    local cur=${{COMP_WORDS[COMP_CWORD]}} level= option= word i
    COMPREPLY=()
    for ((i = 1; i < COMP_CWORD; i++)); do
        word=${{COMP_WORDS[i]}}
        if [[ $word == "=" ]]; then continue; fi
        if [[ $option ]]; then option=; continue; fi
        case "$level $word" in
{steps}
        esac
    done
    if [[ $cur == "=" ]]; then cur=; fi
    if [[ $option ]]; then
        case "$level $option" in
{values}
        esac
        return
    fi
    case "$level" in
{offers}
    esac
}}
complete -F _gitops_bot {program}"""


def script(program: str, levels: Sequence[Level]) -> str:
    return SCRIPT.format(
        program=program,
        steps="\n".join(line for level in levels for line in _steps(level)),
        values="\n".join(line for level in levels for line in _values(level)),
        offers="\n".join(map(_offer, levels)),
    )


def _name(level: Level) -> str:
    return " ".join(level.words)


def _steps(level: Level) -> Iterator[str]:
    """How the words before the cursor lead from level to level, past options and their values."""
    for word in level.deeper:
        yield f'            {_case(level, word)}) level="{" ".join((*level.words, word))}" ;;'
    if flags := [flag for option in level.options if option.value.kind is not Value.NONE for flag in option.flags]:
        yield f"            {'|'.join(_case(level, flag) for flag in flags)}) option=$word ;;"


def _values(level: Level) -> Iterator[str]:
    for option in level.options:
        if offered := _offered(option.value):
            yield f"            {'|'.join(_case(level, flag) for flag in option.flags)}) {offered} ;;"


def _offer(level: Level) -> str:
    """Options after a dash, or where nothing else may stand; otherwise what the argument may be."""
    flags = _words(flag for option in level.options for flag in _long_first(option))
    words = f"_gitops_bot_offer words {flags}"
    its = f"_gitops_bot_offer words {_words(level.deeper)}" if level.deeper else _offered(level.argument)
    body = f"if [[ $cur == -* ]]; then {words}; else {its}; fi" if its else words
    return f'        "{_name(level)}") {body} ;;'


def _offered(value: Given) -> str:
    if value.kind is Value.WORDS:
        return f"_gitops_bot_offer words {_words(value.words)}"
    return f"_gitops_bot_offer {value.kind.value}" if value.kind in (Value.FILE, Value.DIRECTORY) else ""


def _case(level: Level, word: str) -> str:
    return f'"{_name(level)} {word}"'


def _words(words: Iterable[str]) -> str:
    return shlex.quote(" ".join(words))


def _long_first(option: Option) -> list[str]:
    return sorted(option.flags, key=len, reverse=True)
