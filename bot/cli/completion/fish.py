"""The script that completes our commands in fish. For `completion`."""

from collections.abc import Iterator, Sequence

from bot.cli.completion.parser_tree import CommandLevel, ShellOption, ValueKind, ValueSpec

HEAD = """\
# Completes {program} in fish. Made by `{program} completion fish`.
function __gitops_bot_at
    set -l level
    set -l option
    for word in (commandline -opc)[2..]
        if test -n "$option"
            set option
            continue
        end
        switch "$level $word"
{steps}
        end
    end
    test "$level" = "$argv[1]"
end
complete -c {program} -f"""


def script(program: str, levels: Sequence[CommandLevel]) -> str:
    """The text that fish is to source."""
    steps = "\n".join(line for level in levels for line in _step_cases(level))
    lines = (line for level in levels for line in _complete_lines(program, level))
    return "\n".join((HEAD.format(program=program, steps=steps), *lines))


def _step_cases(level: CommandLevel) -> Iterator[str]:
    """How the words before the cursor lead from level to level, past options and their values."""
    name = " ".join(level.path)
    for word in level.subcommands:
        deeper = f"{name} {word}"
        yield f"            case {_quote(deeper)}\n                set level {_quote(deeper.strip())}"
    if flags := [flag for option in level.options if option.value.kind is not ValueKind.NONE for flag in option.flags]:
        cases = " ".join(_quote(f"{name} {flag}") for flag in flags)
        yield f"            case {cases}\n                set option $word"


def _complete_lines(program: str, level: CommandLevel) -> Iterator[str]:
    condition = f"__gitops_bot_at {_quote(' '.join(level.path))}"
    prefix = f"complete -c {program} -n {_quote(condition)}"
    for word, summary in level.subcommands.items():
        yield f"{prefix} -a {word} -d {_quote(summary)}"
    if offer := _offer(level.argument):
        yield f"{prefix} {offer}"
    for option in level.options:
        yield f"{prefix} {_option_flags(option)}"


def _option_flags(option: ShellOption) -> str:
    flags = " ".join(f"-l {flag[2:]}" if flag.startswith("--") else f"-s {flag[1:]}" for flag in option.flags)
    takes = {ValueKind.NONE: "", ValueKind.ANY: " -x"}.get(option.value.kind, f" -r {_offer(option.value)}")
    return f"{flags}{takes} -d {_quote(option.help)}"


def _offer(value: ValueSpec) -> str:
    if value.kind is ValueKind.WORDS:
        return f"-a {_quote(' '.join(value.choices))}"
    return {ValueKind.FILE: "-F", ValueKind.DIRECTORY: "-a '(__fish_complete_directories)'"}.get(value.kind, "")


def _quote(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
