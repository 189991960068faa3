"""Which repositories the operator's globs let us work on."""

import pytest

from bot.core.repository_filter import RepositoryFilter


@pytest.mark.parametrize(
    ("patterns", "name", "allowed"),
    [
        ((), "acme/infra", False),
        (("acme/*",), "acme/infra", True),
        (("acme/*",), "other/infra", False),
        (("ACME/*",), "acme/Infra", True),
        (("acme/*",), "Acme/INFRA", True),
        (("acme/*", "!acme/secret"), "acme/secret", False),
        (("acme/*", "!acme/secret"), "acme/infra", True),
        (("!acme/secret", "acme/*"), "acme/secret", True),
        (("acme/*", "!acme/secret*", "acme/secret-but-open"), "acme/secret-but-open", True),
        (("!acme/secret",), "acme/infra", False),
        (("*",), "", False),
        (("!!acme/infra",), "acme/infra", False),
    ],
)
def test_the_last_pattern_that_fits_decides_and_none_allows_nothing(
    patterns: tuple[str, ...], name: str, allowed: bool
) -> None:
    assert RepositoryFilter(patterns)(name) is allowed


@pytest.mark.parametrize(
    ("patterns", "names"),
    [
        (("acme/infra", "acme/web"), ("acme/infra", "acme/web")),
        (("acme/infra", "!acme/*"), ("acme/infra",)),
        (("acme/infra", "acme/*"), ()),
        (("acme/we?",), ()),
        (("acme/[ab]",), ()),
        ((), ()),
    ],
)
def test_repositories_are_known_by_name_where_no_glob_could_mean_more(
    patterns: tuple[str, ...], names: tuple[str, ...]
) -> None:
    assert RepositoryFilter(patterns).names == names


def test_patterns_that_no_repository_fits_are_told_and_those_that_leave_out_are_not() -> None:
    patterns = RepositoryFilter(("Acme/*", "acne/*", "acme/gone", "!acme/old"))
    assert patterns.fitting_none(["acme/infra", "acme/shop"]) == ("acne/*", "acme/gone")
    assert patterns.fitting_none([]) == ("Acme/*", "acne/*", "acme/gone")
