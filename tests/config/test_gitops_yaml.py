"""gitops.yaml as people write it, well and badly: what is read, and what they are told."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.errors import Refused
from bot.core.project import ApplyMode, Configuration, Project, Requirement, Rules
from bot.tools.terraform.keys import OPTIONS, TerraformOptions
from tests.config.bombs import bomb, chain, merge_bomb
from tests.config.composed import read

WHOLE = b"""
version: 1
branches: [main, "release/*"]
merge: manual
defaults:
  apply: approval
  require: [approval]
projects:
  - dir: infra/network
  - dir: ./infra/db/
    workspace: prod
    depends_on: [infra/network]
    inputs: ["shared/**"]
    approvals: {count: 2}
    backend_change: true
    terraform:
      var_files: [prod.tfvars]
      backend_config: ["key=db", prod.s3.tfbackend]
      binary: tofu
      version: 1.10
  - dir: .
    name: everything else
    apply: merge
    require: [checks, approval]
"""


def refusal(text: str | bytes) -> str:
    with pytest.raises(Refused) as refused:
        read(text.encode() if isinstance(text, str) else text)
    return str(refused.value)


def projects(*lines: str) -> str:
    return "version: 1\nprojects:\n" + "".join(f"  - {line}\n" for line in lines)


def test_everything_that_can_be_said_is_read() -> None:
    configuration = read(WHOLE)
    options = TerraformOptions(("prod.tfvars",), ("key=db", "prod.s3.tfbackend"), "tofu", "1.10")
    network, db, rest = configuration.projects
    assert network == Project(name="infra/network", dir="infra/network", tool="")
    assert db == Project(
        name="infra/db:prod",
        dir="infra/db",
        workspace="prod",
        tool="",
        depends_on=("infra/network",),
        inputs=("shared/**",),
        options=OPTIONS.dump(options),
    )
    assert (rest.name, rest.dir, rest.place) == ("everything else", ".", ".:default")
    assert (configuration.branches, configuration.merge) == (("main", "release/*"), False)


def test_a_project_says_only_what_differs_from_the_defaults() -> None:
    configuration = read(WHOLE)
    approval = frozenset({Requirement.APPROVAL})
    assert configuration.defaults == Rules(apply=ApplyMode.APPROVAL, require=approval)
    assert dict(configuration.rules) == {
        "infra/network:default": Rules(apply=ApplyMode.APPROVAL, require=approval),
        "infra/db:prod": Rules(apply=ApplyMode.APPROVAL, require=approval, approvals=2, backend_change=True),
        ".:default": Rules(apply=ApplyMode.MERGE, require=frozenset(Requirement)),
    }


def test_version_alone_is_a_whole_file_with_careful_defaults() -> None:
    assert read(b"version: 1\n") == Configuration()


def test_all_mistakes_are_told_at_once_one_a_line() -> None:
    lines = refusal("version: 1\nmerge: later\nprojects:\n  - dir: a\n    depend_on: [b]\n  - nam: x\n").split("\n")
    assert lines == [
        "gitops.yaml:2: merge: `later` is none of its values: there are `auto`, `manual`",
        "gitops.yaml:5: projects[0].depend_on: there is no such key: did you mean `depends_on`?",
        "gitops.yaml:6: projects[1].dir: is missing",
        "gitops.yaml:6: projects[1].nam: there is no such key: did you mean `name`?",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "gitops.yaml:1: version: is missing: the file begins with `version: 1`"),
        ("version: 2", "gitops.yaml:1: version: must be the number 1"),
        ("version: true", "gitops.yaml:1: version: must be the number 1"),
        ("version: '1'", "gitops.yaml:1: version: must be the number 1"),
        ("- a", "gitops.yaml:1: must be a mapping of keys to values"),
        ("version: 1\nprojects:\n", "gitops.yaml:2: projects: has no value: give it one or take the key out"),
        ("version: 1\nprojects: a", "gitops.yaml:2: projects: must be a list, like [a, b]"),
        ("version: 1\nprojects: [a]", "gitops.yaml:2: projects[0]: must be a mapping of keys to values"),
        ("version: 1\nversion: 1", "gitops.yaml:2: version: is written twice (first on line 1)"),
        ("version: 1\ndefaults: {backend_change: 1}", "defaults.backend_change: must be true or false"),
        ("version: 1\ndefaults: {apply: mrge}", "defaults.apply: `mrge` is none of its values: did you mean `merge`?"),
        ("version: 1\ndefaults: {approvals: 2}", "defaults.approvals: must be a mapping of keys to values"),
        ("version: 1\ndefaults: {approvals: {count: 0}}", "defaults.approvals.count: must be 1 or more"),
        ("version: 1\nx: !python/name:os.system y", "tags (`!…`) are not supported"),
        ("version: 1\nx: !!binary aGk=", "tags (`!…`) are not supported"),
        ("version: 1\n? [a]\n: b", "a key must be a word"),
        ("version: 1\n---\nversion: 1", "this is no YAML: but found another document"),
        ("version: [1", "this is no YAML"),
        ("version: \x07", "characters that YAML does not allow"),
        (projects("dir: a\n    name: on"), "gitops.yaml:4: projects[0].name: must be text: write it in quotes"),
    ],
)
def test_each_mistake_names_its_line_its_key_and_the_fix(text: str, said: str) -> None:
    assert said in refusal(text)


@pytest.mark.parametrize(
    ("key", "where"),
    [
        ("policy: x", "policy"),
        ("health: {on_failure: revert-pull}", "revert-pull"),
        ("credentials: x", "credentials"),
        ("approvals: {count: 1, from: [codeowners]}", "from"),
        ("require: [policy]", "policy"),
    ],
)
def test_keys_of_parts_that_do_not_exist_yet_are_refused_by_name(key: str, where: str) -> None:
    assert f"`{where}` is not supported yet: take it out" in refusal(projects(f"dir: a\n    {key}"))


@pytest.mark.parametrize(
    "directory",
    [
        "../up",
        "a/../../b",
        "a/../b",
        "/etc",
        "-x",
        "~root",
        '"a\\nb"',
        '"a\\e[2J"',
        "a\\b",
        ".git",
        "a/.git/hooks",
        '""',
    ]
    + ['" a"', '"a\\u202Eb"'],
)
def test_a_directory_stays_in_the_repository_and_is_plain_text(directory: str) -> None:
    assert "projects[0].dir: " in refusal(projects(f"dir: {directory}"))


@pytest.mark.parametrize("workspace", ["-x", "a/b", "..", ".", "a b", "'$(id)'", '"a\\nb"', "x:y", "é", '"a\\n"'])
def test_a_workspace_cannot_be_an_option_or_a_path(workspace: str) -> None:
    assert "projects[0].workspace: " in refusal(projects(f"dir: a\n    workspace: {workspace}"))


@pytest.mark.parametrize("name", ["-x", '"a\\nb"', '"a\\tb"', "x" * 201, '"\\u200b"'])
def test_a_name_is_one_short_line(name: str) -> None:
    assert "projects[0].name: " in refusal(projects(f"dir: a\n    name: {name}"))


@pytest.mark.parametrize(
    "options",
    ["binary: ./terraform", "binary: bash", "binary: terraform/../sh", "version: '>= 1'", "var_files: [-destroy]"]
    + ["var_files: [/etc/passwd]", "var_files: [../../x]", "backend_config: [../../x]", "backend_config: [-x=y]"],
)
def test_terraform_options_reach_for_nothing_else(options: str) -> None:
    assert "projects[0].terraform." in refusal(projects(f"dir: a\n    terraform: {{{options}}}"))


def test_inputs_are_patterns_from_the_top_of_the_repository() -> None:
    assert read(projects("dir: a/b\n    inputs: [./shared/**]").encode()).projects[0].inputs == ("shared/**",)
    for pattern in ("../x", "/x", "a/../../x"):
        assert "projects[0].inputs[0]: must " in refusal(projects(f"dir: a/b\n    inputs: [{pattern}]"))


def test_names_and_places_are_unique() -> None:
    text = refusal(projects("dir: a", "dir: a/", "dir: b\n    name: a"))
    assert "projects[1]: projects[0] has this directory and workspace already" in text
    assert "projects[2]: the name `a` is taken by projects[0]: give this one a `name` of its own" in text


def test_a_dependency_must_exist() -> None:
    said = "gitops.yaml:4: projects[0].depends_on[0]: there is no project `netwrk`: did you mean `network`?"
    assert said in refusal(projects("dir: db\n    depends_on: [netwrk]", "dir: network"))


def test_dependencies_do_not_go_round() -> None:
    text = projects("dir: a\n    depends_on: [b]", "dir: b\n    depends_on: [c]", "dir: c\n    depends_on: [a]")
    assert "these wait for each other: " in refusal(text)
    assert "these wait for each other: a → a" in refusal(projects("dir: a\n    depends_on: [a]"))


def test_numbers_that_yaml_would_bend_stay_what_was_written() -> None:
    text = projects("dir: 012\n    workspace: 2024-01-01\n    name: 7\n    terraform: {version: 1.10}")
    project = read(text.encode()).projects[0]
    assert (project.dir, project.workspace, project.name) == ("012", "2024-01-01", "7")
    assert OPTIONS.of(project).version == "1.10"


def test_merged_keys_are_taken_and_own_keys_win() -> None:
    text = "version: 1\nprojects:\n  - &a {dir: a, apply: merge}\n  - {<<: *a, dir: b}\n  - {dir: c, <<: [*a]}\n"
    configuration = read(text.encode())
    assert [project.dir for project in configuration.projects] == ["a", "b", "c"]
    assert {rules.apply for _, rules in configuration.rules} == {ApplyMode.MERGE}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (bomb(), "with its aliases followed this is more than 100000 values"),
        (merge_bomb(), "with its aliases followed this is more than 100000 values"),
        (chain(), "with its aliases followed this is nested deeper than 20 levels"),
        ("a: &a [*a]", "an alias contains itself"),
        ("[" * 500_000, "nested deeper than 20 levels"),
        ("{a: " * 200_000, "nested deeper than 20 levels"),
        ("#" * (1024 * 1024 + 1), "the file is larger than 1024 KiB"),
        (b"version: 1\n\xff", "gitops.yaml:2: the file is not UTF-8 text"),
        ("x: " + "9" * 10_000, "there is no such key"),
        (projects(*["dir: a"] * 30_000), "and more"),
        (projects(*[f"{{dir: d{n}, depends_on: [x{n}]}}" for n in range(15_000)]), "and more"),
        ("version: 1\n" + "".join(f"k{n}: 1\n" for n in range(40_000)), "and more"),
    ],
)
@pytest.mark.timeout(60)
def test_files_made_to_harm_are_refused(text: str | bytes, said: str) -> None:
    message = refusal(text)
    assert said in message
    assert len(message) < 10_000


def test_what_others_wrote_is_repeated_without_its_control_characters() -> None:
    message = refusal('version: 1\n"a\\e[2Jb\\u202e": 1\n')
    assert "a�[2Jb�: there is no such key" in message


def told(content: bytes) -> str:
    """What the author is told; nothing where all is well."""
    try:
        read(content)
    except Refused as why:
        return str(why)
    return ""


@given(st.binary(max_size=300))
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    assert told(content) == "" or told(content).startswith("gitops.yaml")


PIECES = st.sampled_from(
    [
        "version: 1\n",
        "projects:\n",
        "  - dir: a\n",
        "    name: b\n",
        "- ",
        "&a ",
        "*a ",
        "<<: ",
        "{",
        "}",
        "[",
        "]",
        ": ",
    ]
    + [
        "a",
        "'",
        '"',
        "\n",
        "    ",
        "!!int ",
        "~",
        "true",
        "0x1",
        "1e9",
        ".inf",
        "defaults: ",
        "approvals: {count: 1}\n",
    ]
)


@given(st.lists(PIECES, max_size=25).map("".join))
@settings(max_examples=500, deadline=None)
def test_any_pile_of_yaml_is_read_or_refused(text: str) -> None:
    assert told(text.encode()) == "" or told(text.encode()).startswith("gitops.yaml")


PARTS = st.from_regex(r"[a-z][a-z0-9_.]{0,8}", fullmatch=True).filter(lambda part: part != ".git")


@given(st.lists(PARTS, min_size=1, max_size=4), PARTS)
@settings(max_examples=100, deadline=None)
def test_every_plain_directory_and_workspace_is_taken(parts: list[str], workspace: str) -> None:
    directory = "/".join(parts)
    project = read(projects(f'dir: "{directory}/"\n    workspace: "{workspace}"').encode()).projects[0]
    assert project.place == f"{directory}:{workspace}"
    assert not Path(project.dir).is_absolute()
