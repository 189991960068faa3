"""Which files of a tree can change a project's plan: its directory, local modules, var files, links, `inputs`."""

import posixpath
import re
from collections.abc import Iterator

from bot.core.errors import Refused
from bot.core.globs import matches
from bot.core.project import Project
from bot.core.tree import Tree, is_hidden
from bot.tools.terraform import hcl
from bot.tools.terraform.keys import OPTIONS

MODULE_SOURCE = re.compile(rb'(?:^|[{,])\s*"?source"?\s*[=:]\s*"(\.\.?/[^"$%]*)"', re.MULTILINE)
BLOCK = re.compile(
    rb"^\s*(?:resource|data|provider|module|output|terraform|removed|import|moved)\b[^=\n]*\{", re.MULTILINE
)
CONFIGURATION = (".tf", ".tofu", ".tf.json", ".tofu.json")
LINK = "120000"


def root_modules(tree: Tree) -> list[str]:
    """Directories that stand by themselves: with configuration, and not the module of another."""
    directories = {posixpath.dirname(path) or "." for path in tree.files if path.endswith(CONFIGURATION)}
    modules = {
        posixpath.normpath(posixpath.join(directory, source))
        for directory in directories
        for source in _module_sources(tree, directory)
    }
    return sorted(
        candidate
        for candidate in directories - modules
        if not _is_module_or_hidden(candidate) and _has_blocks(tree, candidate)
    )


def inputs(tree: Tree, project: Project, other_dirs: frozenset[str]) -> frozenset[str]:
    """Every file that counts. Raises Refused where a path leaves the repository."""
    files: set[str] = set()
    directories = [project.dir]
    seen: set[str] = set()
    while directories:
        unresolved = directories.pop()
        if unresolved in seen:
            continue
        seen.add(unresolved)
        directory, links = _resolve_links(tree, unresolved)
        excluded = other_dirs if directory == project.dir else frozenset[str]()
        files |= {*links, *_own_files(tree, directory, excluded)}
        # The tool joins paths as they are written, and follows links then.
        for source in _module_sources(tree, directory):
            directories.append(_require_inside(posixpath.join(unresolved, source), f"{project.name}: module source"))
    options = OPTIONS.of(project)
    backend_files = (option for option in options.backend_config if "=" not in option)
    for file in (*options.var_files, *backend_files):
        files.add(_require_inside(posixpath.join(project.dir, file), f"{project.name}: var_files"))
    for pattern in project.inputs:
        files |= {path for path in tree.files if matches(path, pattern)}
    return frozenset(_with_link_targets(tree, files) & tree.files.keys())


def backend(tree: Tree, project: Project) -> str:
    """Every backend as written, in all files, and what configures it; empty when the state is ours to keep."""
    blocks = []
    for path in configuration_files(tree, project.dir):
        blocks += [block for block in hcl.backends(path, tree.read(path)) if not hcl.is_relative_local(block)]
    if not blocks:
        return ""
    options = [
        f"{option}@{tree.files[file].id}" if (file := f"{project.dir}/{option}") in tree.files else option
        for option in OPTIONS.of(project).backend_config
    ]
    return " ".join([*blocks, *options])


def _own_files(tree: Tree, directory: str, other_dirs: frozenset[str]) -> Iterator[str]:
    """Files below a directory that belong to no other project; each directory among them is judged once."""
    foreign: dict[str, bool] = {directory: False, "": False}

    def is_foreign(folder: str) -> bool:
        if folder not in foreign:
            foreign[folder] = folder in other_dirs or is_foreign(posixpath.dirname(folder))
        return foreign[folder]

    return (path for path in tree.files.below(directory) if not is_foreign(posixpath.dirname(path)))


def configuration_files(tree: Tree, directory: str) -> list[str]:
    """Paths of the directory's own `.tf` and `.tofu` files, also in JSON."""
    return [path for path in tree.files.within(directory) if path.endswith(CONFIGURATION)]


def _module_sources(tree: Tree, directory: str) -> Iterator[str]:
    for path in configuration_files(tree, directory):
        for source in MODULE_SOURCE.findall(hcl.strip_comments(tree.read(path))):
            yield source.decode(errors="replace")


def _with_link_targets(tree: Tree, paths: set[str]) -> set[str]:
    """With the targets of symbolic links, and what is below those."""
    closure, pending = set(paths), [path for path in paths if path in tree.files]
    while pending:
        path = pending.pop()
        if tree.files[path].mode != LINK:
            continue
        target = tree.read(path).decode(errors="replace")
        target_path = _require_inside(posixpath.join(posixpath.dirname(path), target), f"symbolic link {path}")
        additions = {*tree.files.below(target_path), *({target_path} & tree.files.keys())} - closure
        closure |= additions
        pending.extend(additions)
    return closure


def _resolve_links(tree: Tree, path: str) -> tuple[str, set[str]]:
    """Where a path leads, and the links on its way. Raises Refused where that is out of the repository, or nowhere."""
    links: set[str] = set()
    while link := next(
        (prefix for prefix in _prefixes(path) if prefix in tree.files and tree.files[prefix].mode == LINK), None
    ):
        if link in links:
            raise Refused(f"symbolic link {link} leads back to itself")
        links.add(link)
        target = posixpath.join(posixpath.dirname(link), tree.read(link).decode(errors="replace"))
        path = _require_inside(posixpath.join(target, path[len(link) + 1 :]), f"symbolic link {link}")
    return path, links


def _prefixes(path: str) -> Iterator[str]:
    """`a`, `a/b` and `a/b/c` for the last."""
    parts = path.split("/")
    return ("/".join(parts[:end]) for end in range(1, len(parts) + 1))


def _require_inside(path: str, label: str) -> str:
    normal = posixpath.normpath(path)
    if normal.startswith(("../", "/")) or normal == "..":
        raise Refused(f"{label} leaves the repository: {path}")
    return normal


def _has_blocks(tree: Tree, directory: str) -> bool:
    return any(BLOCK.search(tree.read(path)) or path.endswith(".json") for path in configuration_files(tree, directory))


def _is_module_or_hidden(directory: str) -> bool:
    return "modules" in directory.split("/") or is_hidden(directory)
