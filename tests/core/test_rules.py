"""What there is comes from the merge result; who may and what must hold comes from the base."""

from collections.abc import Iterator, Mapping, Sequence

import pytest

from bot.core.project import ApplyMode, Configuration, Project, Requirement, Rules
from bot.core.rules import assign_rules, rule_changes, strictest

STRICT = Rules(approvals=2)
LOOSE = Rules(apply=ApplyMode.MERGE, require=frozenset(), backend_change=True)
DB, NET = Project("db", "infra/db"), Project("net", "infra/net")


def listing(*rows: tuple[Project, Rules], defaults: Rules | None = None) -> Configuration:
    return Configuration(
        projects=tuple(project for project, _ in rows),
        rules=tuple((project.place, rules) for project, rules in rows),
        defaults=defaults or Rules(),
    )


def test_a_pull_request_cannot_loosen_the_rules_of_its_project() -> None:
    assert assign_rules(listing((DB, STRICT)), listing((DB, LOOSE)), ()) == ((DB, STRICT),)


def test_a_pull_request_cannot_bring_its_own_defaults() -> None:
    assert assign_rules(None, listing((DB, LOOSE), defaults=LOOSE), ()) == ((DB, Rules()),)


def test_a_new_name_for_an_old_place_keeps_the_rules_of_the_place() -> None:
    renamed = Project("anything", "infra/db")
    assert assign_rules(listing((DB, STRICT), (NET, LOOSE)), listing((renamed, LOOSE)), ()) == ((renamed, STRICT),)


def test_two_projects_that_swap_their_names_keep_the_rules_of_their_places() -> None:
    swapped = Project("net", "infra/db"), Project("db", "infra/net")
    result = assign_rules(listing((DB, STRICT), (NET, LOOSE)), listing((swapped[0], LOOSE), (swapped[1], LOOSE)), ())
    assert result == ((swapped[0], STRICT), (swapped[1], LOOSE))


def test_a_new_project_gets_the_base_s_defaults() -> None:
    new = Project("new", "infra/new")
    assert assign_rules(listing((DB, STRICT), defaults=LOOSE), listing((new, Rules())), ()) == ((new, LOOSE),)


def test_a_directory_that_moves_under_its_name_takes_nothing_looser_with_it() -> None:
    moved = Project("db", "elsewhere/db")
    base = listing((DB, STRICT), defaults=LOOSE)
    assert assign_rules(base, listing((moved, LOOSE)), ()) == ((moved, STRICT),)


def test_another_workspace_is_another_place() -> None:
    staging = Project("db:staging", "infra/db", "staging")
    assert assign_rules(listing((DB, STRICT)), listing((staging, LOOSE)), ()) == ((staging, Rules()),)


def test_where_nothing_is_listed_the_projects_that_are_found_get_the_rules_of_their_places() -> None:
    assert assign_rules(listing((DB, STRICT)), None, (DB, NET)) == ((DB, STRICT), (NET, Rules()))
    assert assign_rules(listing((DB, STRICT)), listing(), (DB, NET)) == ((DB, STRICT), (NET, Rules()))


def test_where_projects_are_listed_nothing_else_is_found() -> None:
    assert [project for project, _ in assign_rules(None, listing((DB, STRICT)), (DB, NET))] == [DB]


def test_of_several_rules_for_one_place_the_strictest_hold() -> None:
    by_hand = Configuration(projects=(DB,), rules=((DB.place, LOOSE), (DB.place, STRICT)))
    assert assign_rules(by_hand, by_hand, ()) == ((DB, STRICT),)


def test_the_strictest_asks_for_whatever_any_asks_for() -> None:
    one = Rules(ApplyMode.APPROVAL, frozenset({Requirement.CHECKS}), 1, True)
    other = Rules(ApplyMode.MERGE, frozenset({Requirement.APPROVAL}), 3, True)
    assert strictest([one, other]) == Rules(ApplyMode.APPROVAL, frozenset(Requirement), 3, True)
    assert strictest([other, Rules()]) == Rules(ApplyMode.COMMENT, frozenset(Requirement), 3, False)


def test_what_will_change_once_merged_is_said_project_by_project() -> None:
    assert rule_changes(listing((DB, STRICT), (NET, STRICT)), listing((DB, LOOSE), (NET, STRICT))) == (
        "Once merged, db: `apply` is `merge` instead of `comment`.",
        "Once merged, db: `approval` is no longer required.",
        "Once merged, db: `checks` is no longer required.",
        "Once merged, db: 1 approval is asked for instead of 2.",
        "Once merged, db: a pull request may change the backend.",
    )


def test_what_changes_alike_for_many_is_one_sentence() -> None:
    many = [Project(f"p{number}", f"p{number}") for number in range(7)]
    before = listing(*((project, Rules()) for project in many))
    after = listing(*((project, STRICT) for project in many), defaults=STRICT)
    names = "projects that gitops.yaml does not name, p0, p1, p2, p3 and 3 more"
    assert rule_changes(before, after) == (f"Once merged, {names}: 2 approvals are asked for instead of 1.",)


def test_rules_of_a_new_project_that_hold_only_once_merged_are_said() -> None:
    assert "Once merged, db: 2 approvals are asked for instead of 1." in rule_changes(None, listing((DB, STRICT)))


def test_deleting_gitops_yaml_says_that_the_defaults_will_hold() -> None:
    before = Configuration(defaults=STRICT, branches=("main",), merge=False)
    assert rule_changes(before, None) == (
        "Once merged, projects that gitops.yaml does not name: 1 approval is asked for instead of 2.",
        "Once merged, pull requests are planned for these branches: the default branch only.",
        "Once merged, a pull request is merged by itself after an apply.",
    )


def test_nothing_is_said_where_no_rule_changes() -> None:
    assert rule_changes(listing((DB, STRICT)), listing((Project("other name", "infra/db"), STRICT))) == ()
    assert rule_changes(None, None) == ()


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        (Rules(), Rules(backend_change=True), "a pull request may change the backend"),
        (Rules(backend_change=True), Rules(), "a pull request may no longer change the backend"),
        (Rules(require=frozenset()), Rules(require=frozenset({Requirement.CHECKS})), "`checks` is required"),
        (Rules(apply=ApplyMode.MERGE), Rules(), "`apply` is `comment` instead of `merge`"),
        (Rules(approvals=1), Rules(approvals=0), "0 approvals are asked for instead of 1"),
    ],
)
def test_each_rule_that_changes_is_a_sentence(before: Rules, after: Rules, sentence: str) -> None:
    assert rule_changes(listing((DB, before)), listing((DB, after))) == (f"Once merged, db: {sentence}.",)


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        (
            Configuration(),
            Configuration(branches=("main", "release/*")),
            "pull requests are planned for these branches: main, release/*",
        ),
        (Configuration(merge=False), Configuration(), "a pull request is merged by itself after an apply"),
        (Configuration(), Configuration(merge=False), "a pull request is merged by people only"),
    ],
)
def test_what_changes_for_the_whole_repository_is_a_sentence(
    before: Configuration, after: Configuration, sentence: str
) -> None:
    assert rule_changes(before, after) == (f"Once merged, {sentence}.",)


@pytest.mark.parametrize(("number", "names"), [(5, "p0, p1, p2, p3, p4"), (6, "p0, p1, p2, p3, p4 and 1 more")])
def test_of_many_projects_five_are_told_and_the_rest_counted(number: int, names: str) -> None:
    many = [Project(f"p{index}", f"p{index}") for index in range(number)]
    changes = rule_changes(
        listing(*((project, Rules()) for project in many)), listing(*((project, STRICT) for project in many))
    )
    assert changes == (f"Once merged, {names}: 2 approvals are asked for instead of 1.",)


@pytest.mark.parametrize("mode", ApplyMode)
def test_the_mode_in_which_people_do_more_is_the_stricter(mode: ApplyMode) -> None:
    modes = list(ApplyMode)
    for other in modes[modes.index(mode) :]:
        assert strictest([Rules(other), Rules(mode)]).apply is strictest([Rules(mode), Rules(other)]).apply is mode


def test_a_new_project_under_a_new_name_gets_the_defaults_as_they_are() -> None:
    loose = listing((DB, STRICT), defaults=LOOSE)
    assert assign_rules(loose, listing((NET, STRICT)), ()) == ((NET, LOOSE),)


class Guard:
    """A package with one rule, `guard`, a number: the highest is the strictest."""

    def strictest(self, rule_sets: Sequence[Rules]) -> Mapping[str, object]:
        return {"guard": max(guard(rules) for rules in rule_sets)}

    def differences(self, before: Rules, after: Rules) -> Iterator[str]:
        if guard(before) != guard(after):
            yield f"the guard is {guard(after)} instead of {guard(before)}"


class Colour:
    """A package with another rule."""

    def strictest(self, rule_sets: Sequence[Rules]) -> Mapping[str, object]:
        return {"colour": "red"}

    def differences(self, before: Rules, after: Rules) -> Iterator[str]:
        return iter(())


def guard(rules: Rules) -> int:
    level = rules.options.get("guard", 9)
    assert isinstance(level, int)
    return level


def guarded(level: int) -> Rules:
    return Rules(options={"guard": level})


def test_rules_of_packages_are_as_strict_as_any_asks() -> None:
    assert strictest([guarded(1), guarded(3), guarded(2)], [Guard()]).options == {"guard": 3}
    assert strictest([guarded(1)], [Guard(), Colour()]).options == {"guard": 1, "colour": "red"}
    assert strictest([guarded(1)]).options == {}


def test_of_several_rules_of_a_package_for_one_place_the_strictest_hold() -> None:
    twice = Configuration((DB,), rules=((DB.place, guarded(3)), (DB.place, guarded(1))))
    assert [rules.options for _, rules in assign_rules(twice, twice, (), [Guard()])] == [{"guard": 3}]


def test_a_directory_that_moves_takes_no_looser_rule_of_a_package_with_it() -> None:
    base = listing((DB, guarded(1)), defaults=guarded(3))
    moved = Project("db", "elsewhere/db")
    assert [rules.options for _, rules in assign_rules(base, listing((moved, LOOSE)), (), [Guard()])] == [{"guard": 3}]
    strict = listing((DB, guarded(5)), defaults=guarded(3))
    assert [rules.options for _, rules in assign_rules(strict, listing((moved, LOOSE)), (), [Guard()])] == [
        {"guard": 5}
    ]


def test_a_rule_of_a_package_that_changes_is_said_like_any_other() -> None:
    before, after = listing((DB, guarded(3))), listing((DB, guarded(1)))
    assert rule_changes(before, after, [Guard()]) == ("Once merged, db: the guard is 1 instead of 3.",)
    assert rule_changes(after, before, [Guard()]) == ("Once merged, db: the guard is 3 instead of 1.",)


def test_a_default_of_a_package_that_changes_is_said() -> None:
    before, after = Configuration(defaults=guarded(3)), Configuration(defaults=guarded(1))
    assert rule_changes(before, after, [Guard()]) == (
        "Once merged, projects that gitops.yaml does not name: the guard is 1 instead of 3.",
    )
