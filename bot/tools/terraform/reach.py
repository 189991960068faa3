"""What the tool needs of the machine at a site, and what of the site is kept out of its reach."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from bot.ports import NetworkUse, Reach, Site

ABSOLUTE_PATH = re.compile(r'"(/[^"$%\n]+)"')


def reach_of(site: Site, cli_config: Path, plugin_cache: Path | None, write: Sequence[Path]) -> Reach:
    """Return the checkout, of which only the project's own directory may be written to, the scratch, and `write`.

    What other projects have in that directory may only be read, as the kept state, packages, and what the operator's
    CLI configuration names.
    """
    others = [site.root / other for other in site.other_dirs if _lies_within(other, site.project.dir)]
    shared = [site.pull_cache.folder] if site.pull_cache else []
    shared += [plugin_cache] if plugin_cache else []
    return Reach(
        read=(site.root, site.state_dir, *_cli_config_paths(cli_config), *shared, *others),
        write=(site.directory, site.scratch, *write),
        network=NetworkUse.RULED,
    )


def own_folder(site: Site) -> Path:
    """Return our own folder (0700) beside the scratch: the tool may not write there, and it goes with the run."""
    folder = site.scratch.with_name(f"{site.scratch.name}.own")
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def _lies_within(directory: str, outer: str) -> bool:
    return directory != outer and (outer == "." or directory.startswith(f"{outer}/"))


def _cli_config_paths(cli_config: Path) -> Iterator[Path]:
    """The file and every absolute path in quotes in it: what the operator wrote there, programs may read."""
    text = cli_config.read_text(errors="replace")
    yield cli_config
    yield from (path for path in map(Path, ABSOLUTE_PATH.findall(text)) if path != Path("/"))
