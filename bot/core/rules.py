"""Which rules hold for which project: what there is comes from the merge result, what must hold from the base.

Called with both readings of gitops.yaml (None: there is no such file there). Rules follow directory and workspace.
"""

from collections.abc import Iterator, Sequence

from bot.core.project import Allowance, ApplyMode, Configuration, Project, Requirement, Rules

LOOSENESS = {ApplyMode.COMMENT: 0, ApplyMode.APPROVAL: 1, ApplyMode.MERGE: 2}
MOST_NAMED = 5


def merged(
    base: Configuration | None, result: Configuration | None, found: Sequence[Project]
) -> tuple[tuple[Project, Rules], ...]:
    """What there is by the result (its listed projects, or those found), each with the rules the base has for it."""
    there = result.projects if result and result.projects else tuple(found)
    standing = _Standing(base or Configuration())
    return tuple((project, standing.rules(project)) for project in there)


def strictest(rules: Sequence[Rules]) -> Rules:
    """Whatever any of them asks for."""
    return Rules(
        apply=min((one.apply for one in rules), key=LOOSENESS.__getitem__),
        require=frozenset[Requirement]().union(*(one.require for one in rules)),
        approvals=max(one.approvals for one in rules),
        backend_change=all(one.backend_change for one in rules),
        cluster=rules[0].cluster if len({one.cluster for one in rules}) == 1 else "",
        allow=frozenset(Allowance).intersection(*(one.allow for one in rules)),
        prune=all(one.prune for one in rules),
        prune_most=min(one.prune_most for one in rules),
    )


def rule_changes(base: Configuration | None, result: Configuration | None) -> tuple[str, ...]:
    """Sentences on what will hold once the result is the base."""
    before, after = base or Configuration(), result or Configuration()
    now, then = _Standing(before), _Standing(after)
    changes: dict[str, list[str]] = {}
    for what in _differences(before.defaults, after.defaults):
        changes.setdefault(what, []).append("projects that gitops.yaml does not name")
    for project in after.projects:
        for what in _differences(now.rules(project), then.rules(project)):
            changes.setdefault(what, []).append(project.name)
    sentences = [f"Once merged, {_listed(names)}: {what}." for what, names in changes.items()]
    return (*sentences, *_repository_changes(before, after))


class _Standing:
    """The rules that one configuration has for any project."""

    def __init__(self, configuration: Configuration) -> None:
        self._defaults = configuration.defaults
        self._of_place: dict[str, Rules] = {}
        for place, rules in configuration.rules:
            self._of_place[place] = strictest([rules, self._of_place.get(place, rules)])
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
        return strictest([self._defaults, namesake])


def _differences(before: Rules, after: Rules) -> Iterator[str]:
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
    if before.cluster != after.cluster:
        yield f"`cluster` is `{after.cluster or 'none'}` instead of `{before.cluster or 'none'}`"
    for allowance in sorted(after.allow ^ before.allow):
        yield f"`{allowance.value}` is {'allowed' if allowance in after.allow else 'no longer allowed'}"
    if (before.prune, before.prune_most) != (after.prune, after.prune_most):
        yield f"objects that leave Git are {f'deleted, {after.prune_most} % at most' if after.prune else 'kept'}"


def _repository_changes(before: Configuration, after: Configuration) -> Iterator[str]:
    if before.branches != after.branches:
        branches = ", ".join(after.branches) or "the default branch only"
        yield f"Once merged, pull requests are planned for these branches: {branches}."
    if before.merge != after.merge:
        when = "by itself after an apply" if after.merge else "by people only"
        yield f"Once merged, a pull request is merged {when}."


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:MOST_NAMED])
    return f"{shown} and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else shown
