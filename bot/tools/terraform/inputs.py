"""Which files of a tree can change a project's plan: its directory, local modules, var files, links, `inputs`."""

import posixpath
import re
from collections.abc import Iterator

from bot.core.errors import Refused
from bot.core.globs import matches
from bot.core.project import Project
from bot.core.tree import Tree
from bot.tools.terraform import hcl

SOURCE = re.compile(rb'(?:^|[{,])\s*"?source"?\s*[=:]\s*"(\.\.?/[^"$%]*)"', re.MULTILINE)
BLOCK = re.compile(
    rb"^\s*(?:resource|data|provider|module|output|terraform|removed|import|moved)\b[^=\n]*\{", re.MULTILINE
)
CONFIGURATION = (".tf", ".tofu", ".tf.json", ".tofu.json")
LINK = "120000"


def root_modules(tree: Tree) -> list[str]:
    """Directories that stand by themselves: with configuration, and not the module of another."""
    holding = {posixpath.dirname(path) or "." for path in tree.files if path.endswith(CONFIGURATION)}
    used = {
        posixpath.normpath(posixpath.join(directory, source))
        for directory in holding
        for source in _sources(tree, directory)
    }
    return sorted(d for d in holding - used if not _apart(d) and _has_blocks(tree, d))


def inputs(tree: Tree, project: Project, others: frozenset[str]) -> frozenset[str]:
    """Every file that counts. Raises Refused where a path leaves the repository."""
    found: set[str] = set()
    directories = [project.dir]
    seen: set[str] = set()
    while directories:
        written = directories.pop()
        if written in seen:
            continue
        seen.add(written)
        directory, links = _behind_links(tree, written)
        own = others if directory == project.dir else frozenset[str]()
        found |= {*links, *_below(tree, directory, own)}
        for source in _sources(tree, directory):  # the tool joins paths as they are written, and follows links then
            directories.append(_inside(posixpath.join(written, source), f"{project.name}: module source"))
    for file in (*project.terraform.var_files, *(c for c in project.terraform.backend_config if "=" not in c)):
        found.add(_inside(posixpath.join(project.dir, file), f"{project.name}: var_files"))
    for pattern in project.inputs:
        found |= {path for path in tree.files if matches(path, pattern)}
    return frozenset(_linked(tree, found) & tree.files.keys())


def backend(tree: Tree, project: Project) -> str:
    """Every backend as written, in all files, and what configures it; empty when the state is ours to keep."""
    found = []
    for path in configuration(tree, project.dir):
        found += [block for block in hcl.backends(path, tree.read(path)) if not hcl.is_ours(block)]
    if not found:
        return ""
    options = [
        f"{option}@{tree.files[file].id}" if (file := f"{project.dir}/{option}") in tree.files else option
        for option in project.terraform.backend_config
    ]
    return " ".join([*found, *options])


def _below(tree: Tree, directory: str, others: frozenset[str]) -> Iterator[str]:
    """Files below a directory that belong to no other project; each directory among them is judged once."""
    apart: dict[str, bool] = {directory: False, "": False}

    def judged(holder: str) -> bool:
        if holder not in apart:
            apart[holder] = holder in others or judged(posixpath.dirname(holder))
        return apart[holder]

    return (path for path in tree.files.below(directory) if not judged(posixpath.dirname(path)))


def configuration(tree: Tree, directory: str) -> list[str]:
    return [path for path in tree.files.within(directory) if path.endswith(CONFIGURATION)]


def _sources(tree: Tree, directory: str) -> Iterator[str]:
    for path in configuration(tree, directory):
        for source in SOURCE.findall(hcl.without_comments(tree.read(path))):
            yield source.decode(errors="replace")


def _linked(tree: Tree, paths: set[str]) -> set[str]:
    """With the targets of symbolic links, and what is below those."""
    found, todo = set(paths), [path for path in paths if path in tree.files]
    while todo:
        path = todo.pop()
        if tree.files[path].mode != LINK:
            continue
        target = tree.read(path).decode(errors="replace")
        inside = _inside(posixpath.join(posixpath.dirname(path), target), f"symbolic link {path}")
        new = {*tree.files.below(inside), *({inside} & tree.files.keys())} - found
        found |= new
        todo.extend(new)
    return found


def _behind_links(tree: Tree, path: str) -> tuple[str, set[str]]:
    """Where a path leads, and the links on its way. Raises Refused where that is out of the repository, or nowhere."""
    links: set[str] = set()
    while link := next(
        (part for part in _leading_to(path) if part in tree.files and tree.files[part].mode == LINK), None
    ):
        if link in links:
            raise Refused(f"symbolic link {link} leads back to itself")
        links.add(link)
        target = posixpath.join(posixpath.dirname(link), tree.read(link).decode(errors="replace"))
        path = _inside(posixpath.join(target, path[len(link) + 1 :]), f"symbolic link {link}")
    return path, links


def _leading_to(path: str) -> Iterator[str]:
    """`a`, `a/b` and `a/b/c` for the last."""
    parts = path.split("/")
    return ("/".join(parts[:end]) for end in range(1, len(parts) + 1))


def _inside(path: str, what: str) -> str:
    normal = posixpath.normpath(path)
    if normal.startswith(("../", "/")) or normal == "..":
        raise Refused(f"{what} leaves the repository: {path}")
    return normal


def _has_blocks(tree: Tree, directory: str) -> bool:
    return any(BLOCK.search(tree.read(path)) or path.endswith(".json") for path in configuration(tree, directory))


def _apart(directory: str) -> bool:
    parts = directory.split("/")
    return any(part == "modules" or (part.startswith(".") and part != ".") for part in parts)
