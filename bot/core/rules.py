"""Which rules hold for which project: what there is comes from the merge result, what must hold from the base.

Called with both readings of gitops.yaml (None: there is no such file there). Rules follow directory and workspace.
`tool_rules` are what packages say of rules of their own: those that nobody speaks for have their careful defaults.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from bot.core.project import ApplyMode, Configuration, Project, Requirement, Rules
from bot.core.sentences import join_names

LOOSENESS = {ApplyMode.COMMENT: 0, ApplyMode.APPROVAL: 1, ApplyMode.MERGE: 2}


class ToolRules(Protocol):
    """A package's rules among the `options` of `Rules`."""

    def strictest(self, rule_sets: Sequence[Rules]) -> Mapping[str, object]:
        """Whatever any of them asks for, as options of rules."""

    def differences(self, before: Rules, after: Rules) -> Iterator[str]:
        """Halves of sentences on what will hold."""


def assign_rules(
    base: Configuration | None,
    result: Configuration | None,
    discovered: Sequence[Project],
    tool_rules: Sequence[ToolRules] = (),
) -> tuple[tuple[Project, Rules], ...]:
    """What there is by the result (its listed projects, or those found), each with the rules the base has for it."""
    projects = result.projects if result and result.projects else tuple(discovered)
    base_rules = _RuleSet(base or Configuration(), tool_rules)
    return tuple((project, base_rules.rules(project)) for project in projects)


def strictest(rule_sets: Sequence[Rules], tool_rules: Sequence[ToolRules] = ()) -> Rules:
    """Whatever any of them asks for."""
    options: dict[str, object] = {}
    for package_rules in tool_rules:
        options |= package_rules.strictest(rule_sets)
    return Rules(
        apply=min((rules.apply for rules in rule_sets), key=LOOSENESS.__getitem__),
        require=frozenset[Requirement]().union(*(rules.require for rules in rule_sets)),
        approvals=max(rules.approvals for rules in rule_sets),
        backend_change=all(rules.backend_change for rules in rule_sets),
        options=options,
    )


def rule_changes(
    base: Configuration | None, result: Configuration | None, tool_rules: Sequence[ToolRules] = ()
) -> tuple[str, ...]:
    """Sentences on what will hold once the result is the base."""
    before, after = base or Configuration(), result or Configuration()
    base_rules, result_rules = _RuleSet(before, tool_rules), _RuleSet(after, tool_rules)
    names_by_difference: dict[str, list[str]] = {}
    for difference in _differences(before.defaults, after.defaults, tool_rules):
        names_by_difference.setdefault(difference, []).append("projects that gitops.yaml does not name")
    for project in after.projects:
        for difference in _differences(base_rules.rules(project), result_rules.rules(project), tool_rules):
            names_by_difference.setdefault(difference, []).append(project.name)
    sentences = [
        f"Once merged, {join_names(names)}: {difference}." for difference, names in names_by_difference.items()
    ]
    return (*sentences, *_repository_changes(before, after))


class _RuleSet:
    """The rules that one configuration has for any project."""

    def __init__(self, configuration: Configuration, tool_rules: Sequence[ToolRules]) -> None:
        self._tool_rules = tool_rules
        self._defaults = configuration.defaults
        self._of_place: dict[str, Rules] = {}
        for place, rules in configuration.rules:
            self._of_place[place] = strictest([rules, self._of_place.get(place, rules)], tool_rules)
        self._place_of = {project.name: project.place for project in configuration.projects}

    def rules(self, project: Project) -> Rules:
        """Those of the place, whatever its name is now.

        A new place gets the defaults; where it bears an old name (a directory that moved), nothing looser than what
        the old place had.
        """
        of_place = self._of_place.get(project.place)
        if of_place is not None:
            return of_place
        namesake = self._of_place.get(self._place_of.get(project.name, ""), self._defaults)
        return strictest([self._defaults, namesake], self._tool_rules)


def _differences(before: Rules, after: Rules, tool_rules: Sequence[ToolRules]) -> Iterator[str]:
    if before.apply is not after.apply:
        yield f"`apply` is `{after.apply.value}` instead of `{before.apply.value}`"
    for requirement in sorted(after.require - before.require):
        yield f"`{requirement.value}` is required"
    for requirement in sorted(before.require - after.require):
        yield f"`{requirement.value}` is no longer required"
    if before.approvals != after.approvals:
        verb = "approval is" if after.approvals == 1 else "approvals are"
        yield f"{after.approvals} {verb} asked for instead of {before.approvals}"
    if before.backend_change != after.backend_change:
        yield f"a pull request may {'' if after.backend_change else 'no longer '}change the backend"
    for package_rules in tool_rules:
        yield from package_rules.differences(before, after)


def _repository_changes(before: Configuration, after: Configuration) -> Iterator[str]:
    if before.branches != after.branches:
        branches = ", ".join(after.branches) or "the default branch only"
        yield f"Once merged, pull requests are planned for these branches: {branches}."
    if before.merge != after.merge:
        when = "by itself after an apply" if after.merge else "by people only"
        yield f"Once merged, a pull request is merged {when}."
