"""The script that completes our commands in fish. For `completion`."""

from collections.abc import Iterator, Sequence

from bot.cli.completion.parser_tree import Given, Level, Option, Value

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


def script(program: str, levels: Sequence[Level]) -> str:
    steps = "\n".join(line for level in levels for line in _steps(level))
    lines = (line for level in levels for line in _lines(program, level))
    return "\n".join((HEAD.format(program=program, steps=steps), *lines))


def _steps(level: Level) -> Iterator[str]:
    """How the words before the cursor lead from level to level, past options and their values."""
    name = " ".join(level.words)
    for word in level.deeper:
        deeper = f"{name} {word}"
        yield f"            case {_quoted(deeper)}\n                set level {_quoted(deeper.strip())}"
    if flags := [flag for option in level.options if option.value.kind is not Value.NONE for flag in option.flags]:
        cases = " ".join(_quoted(f"{name} {flag}") for flag in flags)
        yield f"            case {cases}\n                set option $word"


def _lines(program: str, level: Level) -> Iterator[str]:
    here = f"__gitops_bot_at {_quoted(' '.join(level.words))}"
    at = f"complete -c {program} -n {_quoted(here)}"
    for word, told in level.deeper.items():
        yield f"{at} -a {word} -d {_quoted(told)}"
    if offered := _offered(level.argument):
        yield f"{at} {offered}"
    for option in level.options:
        yield f"{at} {_option(option)}"


def _option(option: Option) -> str:
    flags = " ".join(f"-l {flag[2:]}" if flag.startswith("--") else f"-s {flag[1:]}" for flag in option.flags)
    takes = {Value.NONE: "", Value.ANY: " -x"}.get(option.value.kind, f" -r {_offered(option.value)}")
    return f"{flags}{takes} -d {_quoted(option.help)}"


def _offered(value: Given) -> str:
    if value.kind is Value.WORDS:
        return f"-a {_quoted(' '.join(value.words))}"
    return {Value.FILE: "-F", Value.DIRECTORY: "-a '(__fish_complete_directories)'"}.get(value.kind, "")


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
