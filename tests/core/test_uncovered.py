"""What is said of infrastructure that no project covers."""

import pytest
import yaml

from bot.core.uncovered import describe_files, lines_to_add


@pytest.mark.parametrize(
    "directory",
    [
        "net",
        "a b",
        "it's",
        "- x",
        "true: y",
        "ünï",
        "a/b-c.d",
        "*",
        "true",
        "No",
        "123",
        "1e5",
        "2026-11-30",
        "-",
        "--x",
        ".5",
        "a1/0x1f",
    ],
)
def test_the_lines_to_add_name_the_directory_as_yaml_reads_it(directory: str) -> None:
    (line,) = lines_to_add([f"{directory}/main.tf", f"{directory}/other.tf"])
    assert yaml.safe_load(f"projects:\n{line}\n") == {"projects": [{"dir": directory}]}


def test_a_plain_name_stands_as_it_is_and_another_in_quotes() -> None:
    assert lines_to_add(["a/b-c.d/main.tf", "-x/main.tf", "A/y.tf"]) == (
        "  - dir: a/b-c.d",
        "  - dir: '-x'",
        "  - dir: A",
    )


def test_the_top_is_a_directory_too() -> None:
    assert lines_to_add(["main.tf"]) == ("  - dir: .",)


def test_a_status_counts_them_and_names_the_first() -> None:
    assert describe_files(["a.tf"]) == "1 changed file looks like infrastructure, and no project covers it: a.tf"
    files = [f"{number}.tf" for number in range(2000)]
    sentence = "2,000 changed files look like infrastructure, and no project covers them"
    assert describe_files(files) == f"{sentence}: 0.tf, 1.tf, 2.tf and 1,997 more"
