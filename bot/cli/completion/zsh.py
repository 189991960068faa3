"""The script that completes our commands in zsh, read by its start file or found on its fpath. For `completion`."""

from collections.abc import Sequence

from bot.cli.completion.parser_tree import Given, Level, Option, Value

HEAD = """\
#compdef {program}
# Completes {program} in zsh. Made by `{program} completion zsh`."""
TAIL = """\
if [[ $funcstack[1] == _{program} ]]; then
    _{program} "$@"
else
    (( $+functions[compdef] )) || {{ autoload -Uz compinit && compinit }}
    compdef _{program} {program}
fi"""
FORK = """\
    local context state state_descr line
    typeset -A opt_args
    local -a deeper=(
{words}
    )
    _arguments -C {options} '1: :->word' '*:: :->rest'
    case $state in
        word) _describe -t commands command deeper ;;
        rest)
            case $words[1] in
{calls}
            esac ;;
    esac"""


def script(program: str, levels: Sequence[Level]) -> str:
    functions = "\n".join(_function(program, level) for level in levels)
    return "\n".join((HEAD.format(program=program), functions, TAIL.format(program=program)))


def _function(program: str, level: Level) -> str:
    return f"{_name(program, level.words)}() {{\n{_body(program, level)}\n}}"


def _name(program: str, words: Sequence[str]) -> str:
    return "_" + "_".join((program, *words))


def _body(program: str, level: Level) -> str:
    options = " ".join(_option(option) for option in level.options)
    if not level.deeper:
        argument = f" {_quoted(_argument(level))}" if level.argument.kind is not Value.NONE else ""
        return f"    _arguments -s {options}{argument}"
    words = (f"        {_quoted(f'{word}:{_plain(told)}')}" for word, told in level.deeper.items())
    calls = (f"                {word}) {_name(program, (*level.words, word))} ;;" for word in level.deeper)
    return FORK.format(words="\n".join(words), calls="\n".join(calls), options=options)


def _option(option: Option) -> str:
    """As `_arguments` wants it: what excludes it, the flag, its help, its value."""
    others = f"({' '.join(option.flags)})" if len(option.flags) > 1 else ""
    end = f"[{_plain(option.help)}]{_value(option.value)}"
    signs = {
        flag: "" if option.value.kind is Value.NONE else "=" if flag.startswith("--") else "+" for flag in option.flags
    }
    return " ".join(_quoted(f"{others}{flag}{sign}{end}") for flag, sign in signs.items())


def _argument(level: Level) -> str:
    return f"{'*' if level.many else '1'}{_value(level.argument)}"


def _value(value: Given) -> str:
    if value.kind is Value.NONE:
        return ""
    offered = {
        Value.WORDS: f"({' '.join(value.words)})",
        Value.FILE: "_files",
        Value.DIRECTORY: "_files -/",
    }.get(value.kind, "")
    return f":{_plain(value.name)}:{offered or ' '}"


def _plain(text: str) -> str:
    """Without what ends a part of a specification."""
    return "".join(f"\\{one}" if one in "[]:\\" else one for one in text)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"
