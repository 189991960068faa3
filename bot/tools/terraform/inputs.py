"""Which files of a tree can change a project's plan: its directory, local modules, var files, links, `inputs`."""

import posixpath
import re
from collections.abc import Iterable, Iterator

from bot.core.errors import Refused
from bot.core.project import Project
from bot.core.tree import Tree, is_below
from bot.core.tree_paths import TreePaths
from bot.tools.terraform import hcl
from bot.tools.terraform.configuration import (
    configuration_directories,
    configuration_files,
    file_texts,
    files_of_tests,
    is_module_or_hidden,
)
from bot.tools.terraform.keys import OPTIONS
from bot.tools.terraform.sources import LOCAL, Source, module_sources, tested_sources

BLOCK = re.compile(
    rb"^\s*(?:resource|data|ephemeral|provider|module|output|terraform|check|removed|import|moved|action|list)\b[^=\n]*\{",
    re.MULTILINE,
)
TESTS_DIRECTORY = "tests"


def root_modules(tree: Tree) -> list[str]:
    """Directories that stand by themselves: with configuration, and not the module of another, nor of a test."""
    paths = TreePaths(tree)
    directories = configuration_directories(tree)
    modules = {*_called_directories(paths, directories), *_tested_directories(paths)}
    return sorted(
        candidate
        for candidate in directories - modules
        if not is_module_or_hidden(candidate) and _has_blocks(paths, candidate)
    )


def inputs(tree: Tree, project: Project, other_dirs: frozenset[str]) -> frozenset[str]:
    """Every file that counts. Raises Refused where a path leaves the repository."""
    paths = TreePaths(tree)
    top = paths.follow(".", project.dir, "its directory")
    files: set[str] = set()
    pending, seen = [top], set[str]()
    while pending:
        unresolved = pending.pop()
        if unresolved in seen:
            continue
        seen.add(unresolved)
        directory = paths.follow(".", unresolved, f"{project.name}: module source")
        files.update(_own_files(tree, directory, other_dirs if unresolved == top else frozenset()))
        files.update(_submodule(tree, directory))
        # The tool joins paths as they are written, and follows links then.
        for source in module_sources(file_texts(paths, directory)):
            pending += _called(paths, project, unresolved, source, other_dirs)
    for file in _named_files(project):
        files.add(paths.follow(project.dir, file, f"{project.name}: var_files"))
    reachable = paths.with_targets(files & tree.files.keys()) | paths.listed_files(project.inputs)
    return frozenset((reachable | paths.links) & tree.files.keys())


def _called(
    paths: TreePaths, project: Project, caller: str, source: Source, other_dirs: frozenset[str]
) -> Iterable[str]:
    """The directories that a module may be in; whose `inputs` are listed is taken at its word."""
    if source.is_local:
        return (_join_inside(caller, source.path, f"{project.name}: module source"),)
    if not source.is_unclear or project.inputs:
        return ()
    beginning = source.path.rpartition("/")[0]
    start = posixpath.normpath(posixpath.join(caller, beginning)) if beginning else "."
    return [
        directory
        for directory in configuration_directories(paths.tree) - other_dirs
        if start == "." or start.startswith("..") or directory == start or is_below(directory, start)
    ]


def _named_files(project: Project) -> Iterator[str]:
    options = OPTIONS.of(project)
    yield from options.var_files
    yield from (option for option in options.backend_config if "=" not in option)


def _own_files(tree: Tree, directory: str, other_dirs: frozenset[str]) -> Iterator[str]:
    """Files below a directory that belong to no other project; each directory among them is judged once."""
    foreign: dict[str, bool] = {directory: False, "": False}

    def is_foreign(folder: str) -> bool:
        if folder not in foreign:
            foreign[folder] = folder in other_dirs or is_foreign(folder.rpartition("/")[0])
        return foreign[folder]

    return (path for path in tree.files.below(directory) if not is_foreign(path.rpartition("/")[0]))


def _submodule(tree: Tree, directory: str) -> Iterator[str]:
    """The submodule that a directory is in, of which a tree knows nothing but its commit."""
    parts = directory.split("/")
    return (path for end in range(1, len(parts) + 1) if (path := "/".join(parts[:end])) in tree.files)


def _called_directories(paths: TreePaths, directories: Iterable[str]) -> Iterator[str]:
    """Where local modules are; what cannot be followed is said of the project that calls it."""
    for directory in directories:
        for path in _readable_sources(paths, directory):
            yield from _resolve(paths, directory, path)


def _tested_directories(paths: TreePaths) -> Iterator[str]:
    """Where modules of tests are: they are relative to what is tested, which its tests are in or beside."""
    for file in files_of_tests(paths.tree):
        directory = posixpath.dirname(file)
        above, _, name = directory.rpartition("/")
        callers = (directory, above) if name == TESTS_DIRECTORY else (directory,)
        for source in tested_sources(paths.read(file)):
            for caller in callers if source.startswith(LOCAL) else ():
                yield from _resolve(paths, caller, source)


def _readable_sources(paths: TreePaths, directory: str) -> list[str]:
    try:
        return [source.path for source in module_sources(file_texts(paths, directory)) if source.is_local]
    except Refused:
        return []


def _resolve(paths: TreePaths, directory: str, source: str) -> Iterator[str]:
    try:
        yield paths.follow(directory, source, "module source")
    except Refused:
        return


def _join_inside(directory: str, source: str, subject: str) -> str:
    path = posixpath.normpath(posixpath.join(directory, source))
    if path.startswith("../") or path == "..":
        raise Refused(f"{subject} leaves the repository: {source}")
    return path


def _has_blocks(paths: TreePaths, directory: str) -> bool:
    try:
        return any(
            path.endswith(".json") or BLOCK.search(hcl.scan(paths.read(path))[1])
            for path in configuration_files(paths, directory)
        )
    except Refused:  # said of the project
        return True
