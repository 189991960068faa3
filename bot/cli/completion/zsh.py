"""The script that completes our commands in zsh, read by its start file or found on its fpath. For `completion`."""

from collections.abc import Sequence

from bot.cli.completion.parser_tree import CommandLevel, ShellOption, ValueKind, ValueSpec

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


def script(program: str, levels: Sequence[CommandLevel]) -> str:
    """The text that zsh is to source."""
    functions = "\n".join(_function(program, level) for level in levels)
    return "\n".join((HEAD.format(program=program), functions, TAIL.format(program=program)))


def _function(program: str, level: CommandLevel) -> str:
    return f"{_function_name(program, level.path)}() {{\n{_function_body(program, level)}\n}}"


def _function_name(program: str, path: Sequence[str]) -> str:
    return "_" + "_".join((program, *path))


def _function_body(program: str, level: CommandLevel) -> str:
    options = " ".join(_option_spec(option) for option in level.options)
    if not level.subcommands:
        argument = f" {_quote(_argument_spec(level))}" if level.argument.kind is not ValueKind.NONE else ""
        return f"    _arguments -s {options}{argument}"
    subcommands = (f"        {_quote(f'{word}:{_escape(summary)}')}" for word, summary in level.subcommands.items())
    calls = (f"                {word}) {_function_name(program, (*level.path, word))} ;;" for word in level.subcommands)
    return FORK.format(words="\n".join(subcommands), calls="\n".join(calls), options=options)


def _option_spec(option: ShellOption) -> str:
    """As `_arguments` wants it: what excludes it, the flag, its help, its value."""
    exclusions = f"({' '.join(option.flags)})" if len(option.flags) > 1 else ""
    end = f"[{_escape(option.help)}]{_value_spec(option.value)}"
    separators = {
        flag: "" if option.value.kind is ValueKind.NONE else "=" if flag.startswith("--") else "+"
        for flag in option.flags
    }
    return " ".join(_quote(f"{exclusions}{flag}{sign}{end}") for flag, sign in separators.items())


def _argument_spec(level: CommandLevel) -> str:
    return f"{'*' if level.repeatable else '1'}{_value_spec(level.argument)}"


def _value_spec(value: ValueSpec) -> str:
    if value.kind is ValueKind.NONE:
        return ""
    action = {
        ValueKind.WORDS: f"({' '.join(value.choices)})",
        ValueKind.FILE: "_files",
        ValueKind.DIRECTORY: "_files -/",
    }.get(value.kind, "")
    return f":{_escape(value.name)}:{action or ' '}"


def _escape(text: str) -> str:
    """Without what ends a part of a specification."""
    return "".join(f"\\{character}" if character in "[]:\\" else character for character in text)


def _quote(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"
