"""The operator's settings become cages. Called by `wiring`, by `check` and by the shell's own `plan`."""

import os
from collections.abc import Mapping
from pathlib import Path

from bot.cage.cages import NO_CAGE, Cages, ProjectRule, find_kind
from bot.cage.policy import NetworkMode, Policy
from bot.cage.system_paths import covering
from bot.config.cage_settings import AUTO, CageProjectSettings, CageSettings
from bot.core.errors import Refused

UPSTREAM_VARIABLES = tuple(
    name for variable in ("http_proxy", "https_proxy", "no_proxy") for name in (variable, variable.upper())
)


def load_cages(settings: CageSettings, data_dir: Path, environment: Mapping[str, str]) -> Cages:
    """The cage in which foreign programs run. Raises Refused where none works, and none was not asked for.

    Also where every program could read the bot's own folder.
    """
    cages = _cages(settings, data_dir, environment)
    place = covering(data_dir, environment.get("PATH", os.defpath))
    if place and cages.kind != NO_CAGE and not data_dir.is_file():  # a file is no folder, which is told elsewhere
        raise Refused(
            f"DATA_DIR ({data_dir}) lies in {place}, where programs of pull requests may read all; "
            "put it elsewhere, as in /var/lib"
        )
    return cages


def local_cages(settings: CageSettings, workdir: Path) -> Cages:
    """The cage of a command of the shell: none by itself, for it is the caller's own code, with what the caller may."""
    own = settings.model_copy(update={"kind": NO_CAGE}) if settings.kind == AUTO else settings
    return _cages(own, workdir, {})


def _cages(settings: CageSettings, top: Path, environment: Mapping[str, str]) -> Cages:
    policy = Policy(
        network=NetworkMode(settings.network),
        hosts=settings.hosts,
        memory=settings.memory,
        processes=settings.processes,
        files=settings.files,
        disk=settings.disk,
        read=settings.read,
        write=settings.write,
        upstream=tuple((name, environment[name]) for name in UPSTREAM_VARIABLES if name in environment),
    )
    rules = tuple(ProjectRule(project.match, _changes(project)) for project in settings.projects)
    cages = Cages(find_kind(settings.kind), top, policy, rules)
    cages.verify()
    return cages


def _changes(project: CageProjectSettings) -> dict[str, object]:
    return project.changes | ({"network": NetworkMode(project.network)} if project.network else {})
