"""The script that completes our commands in bash, 3.2 and newer, with nothing else installed. For `completion`."""

import shlex
from collections.abc import Iterable, Iterator, Sequence

from bot.cli.completion.parser_tree import CommandLevel, ShellOption, ValueKind, ValueSpec

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


def script(program: str, levels: Sequence[CommandLevel]) -> str:
    """The text that bash is to source."""
    return SCRIPT.format(
        program=program,
        steps="\n".join(line for level in levels for line in _step_cases(level)),
        values="\n".join(line for level in levels for line in _value_cases(level)),
        offers="\n".join(map(_offer_case, levels)),
    )


def _path(level: CommandLevel) -> str:
    return " ".join(level.path)


def _step_cases(level: CommandLevel) -> Iterator[str]:
    """How the words before the cursor lead from level to level, past options and their values."""
    for word in level.subcommands:
        yield f'            {_case_pattern(level, word)}) level="{" ".join((*level.path, word))}" ;;'
    if flags := [flag for option in level.options if option.value.kind is not ValueKind.NONE for flag in option.flags]:
        yield f"            {'|'.join(_case_pattern(level, flag) for flag in flags)}) option=$word ;;"


def _value_cases(level: CommandLevel) -> Iterator[str]:
    for option in level.options:
        if offer := _offer_command(option.value):
            yield f"            {'|'.join(_case_pattern(level, flag) for flag in option.flags)}) {offer} ;;"


def _offer_case(level: CommandLevel) -> str:
    """Options after a dash, or where nothing else may stand; otherwise what the argument may be."""
    flags = _word_list(flag for option in level.options for flag in _long_first(option))
    offer_flags = f"_gitops_bot_offer words {flags}"
    offer_argument = (
        f"_gitops_bot_offer words {_word_list(level.subcommands)}"
        if level.subcommands
        else _offer_command(level.argument)
    )
    body = f"if [[ $cur == -* ]]; then {offer_flags}; else {offer_argument}; fi" if offer_argument else offer_flags
    return f'        "{_path(level)}") {body} ;;'


def _offer_command(value: ValueSpec) -> str:
    if value.kind is ValueKind.WORDS:
        return f"_gitops_bot_offer words {_word_list(value.choices)}"
    return f"_gitops_bot_offer {value.kind.value}" if value.kind in (ValueKind.FILE, ValueKind.DIRECTORY) else ""


def _case_pattern(level: CommandLevel, word: str) -> str:
    return f'"{_path(level)} {word}"'


def _word_list(choices: Iterable[str]) -> str:
    return shlex.quote(" ".join(choices))


def _long_first(option: ShellOption) -> list[str]:
    return sorted(option.flags, key=len, reverse=True)
