"""Which files of a directory are configuration, and which of them each of the two programs reads."""

import posixpath
from collections.abc import Iterable, Iterator, Mapping

from bot.core.tree import Tree, is_hidden
from bot.core.tree_paths import TreePaths

TERRAFORM, OPENTOFU = "Terraform", "OpenTofu"
TOFU_ONLY = (".tofu", ".tofu.json")
CONFIGURATION = (".tf", ".tf.json", *TOFU_ONLY)
TESTS = (".tftest.hcl", ".tofutest.hcl")


def product(binary: str) -> str:
    """Which of the two programs a binary of that name is."""
    return OPENTOFU if "tofu" in posixpath.basename(binary) else TERRAFORM


def is_configuration(name: str) -> bool:
    """A file of that name is read by one of the two, if it is in the right directory: neither reads hidden ones."""
    return name.endswith(CONFIGURATION) and not name.startswith(".")


def names_read(names: Iterable[str], program: str) -> list[str]:
    """Of the names in a directory those that the program reads, sorted.

    Terraform knows nothing of `.tofu`; OpenTofu passes over `main.tf` beside `main.tofu` (its parser_config_dir.go).
    """
    candidates = {name for name in names if is_configuration(name)}
    if program == TERRAFORM:
        return sorted(name for name in candidates if not name.endswith(TOFU_ONLY))
    return sorted(name for name in candidates if name.endswith(TOFU_ONLY) or tofu_twin(name) not in candidates)


def tofu_twin(name: str) -> str:
    """The name that a file of Terraform has where OpenTofu reads another in its place."""
    return f"{name[:-8]}.tofu.json" if name.endswith(".tf.json") else f"{name[:-3]}.tofu"


def names_unread(names: Iterable[str]) -> list[str]:
    """Files of OpenTofu that Terraform passes over though none of its own has their place, sorted."""
    candidates = {name for name in names if is_configuration(name)}
    twins = {tofu_twin(name) for name in candidates if not name.endswith(TOFU_ONLY)}
    return sorted(name for name in candidates if name.endswith(TOFU_ONLY) and name not in twins)


def configuration_files(paths: TreePaths, directory: str) -> list[str]:
    """The directory's own files that either of the two reads, with links that lead to files."""
    candidates = [path for path in paths.tree.files.within(directory) if is_configuration(posixpath.basename(path))]
    links = paths.tree.files.links
    return [path for path in candidates if path not in links or paths.is_file(paths.follow(".", path, "symbolic link"))]


def configuration_directories(tree: Tree) -> frozenset[str]:
    """Every directory that has such a file."""
    return frozenset(
        posixpath.dirname(path) or "."
        for extension in ("tf", "tofu", "json")
        for path in tree.files.with_extension(extension)
        if is_configuration(posixpath.basename(path))
    )


def file_texts(paths: TreePaths, directory: str) -> Mapping[str, bytes]:
    """The configuration of a directory, by path, as it is read through links."""
    return {path: paths.read(path) for path in configuration_files(paths, directory)}


def files_of_tests(tree: Tree) -> Iterator[str]:
    """Every file of `terraform test` and `tofu test`."""
    return (path for path in tree.files.with_extension("hcl") if path.endswith(TESTS))


def is_module_or_hidden(directory: str) -> bool:
    """By its name the directory is a module, or none of ours."""
    return "modules" in directory.split("/") or is_hidden(directory)
