"""A site for real Terraform: a checkout, a scratch and a kept directory."""

import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from bot import run_log, supervise
from bot.cage.policy import NetworkMode
from bot.core import tree
from bot.core.project import Project
from bot.ports import ApplyReport, PullCache, Site, ToolPlan
from bot.tools.terraform import tool
from bot.tools.terraform.terraform import Terraform
from tests.caging import strongest_cage
from tests.provider.shelf import Shelf, needed

ENV = {"PATH": os.defpath + ":/usr/local/bin"}


@dataclass(frozen=True)
class Files:
    """A tree made of texts; a value that starts with `-> ` is a symbolic link."""

    texts: Mapping[str, str]
    files: tree.Files = field(init=False)

    def __post_init__(self) -> None:
        modes = {path: "120000" if text.startswith("-> ") else "100644" for path, text in self.texts.items()}
        object.__setattr__(
            self,
            "files",
            tree.Files({path: tree.TreeEntry(mode, str(hash(self.texts[path]))) for path, mode in modes.items()}),
        )

    def read(self, path: str) -> bytes:
        return self.texts[path].removeprefix("-> ").encode(errors="surrogateescape")


@dataclass
class Ground:
    """A place where a project is planned and applied again and again, each time from a fresh checkout."""

    top: Path
    terraform: Terraform
    count: int = 0
    environment: Mapping[str, str] = field(default_factory=lambda: ENV)
    prepared: PullCache | None = None
    read: tuple[Path, ...] = ()
    write: tuple[Path, ...] = ()
    network: NetworkMode = NetworkMode.INTERNET

    def site(self, files: Mapping[str, str], project: Project | None = None) -> Site:
        self.count += 1
        bot = self.top / "bot"
        here = bot / str(self.count)
        for name, text in files.items():
            path = here / "root" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        (here / "scratch").mkdir(mode=0o700)
        (here / "scratch" / "home").mkdir()
        (bot / "kept").mkdir(exist_ok=True)
        return Site(
            root=here / "root",
            project=project or Project("net", "net"),
            scratch=here / "scratch",
            state_dir=bot / "kept",
            log=here / "log",
            environment={**self.environment, "HOME": str(here / "scratch" / "home")},
            timeout=60,
            stopped=lambda: False,
            cage=strongest_cage(read=self.read, write=(self.top / "shelf", *self.write), network=self.network),
            pull_cache=self.prepared,
        )

    def plan(self, text: str, project: Project | None = None, destroy: bool = False) -> ToolPlan:
        return self.terraform.plan(self.site({"net/main.tf": text}, project), destroy)

    def apply(self, text: str, project: Project | None = None) -> ApplyReport:
        """Plan and apply, as the bot does; the site's log holds what was told of it."""
        site = self.site({"net/main.tf": text}, project)
        planned = self.terraform.plan(site)
        assert planned.artifact
        return self.carry_out(site, planned.artifact)

    def carry_out(self, site: Site, artifact: Path) -> ApplyReport:
        if artifact.parent != site.scratch:
            artifact = Path(shutil.copy(artifact, site.scratch))
        invocation = self.terraform.prepare_apply(site, artifact)
        attempt = site.scratch / "attempt"
        supervise.start(attempt, invocation, site.cage)
        live = self.terraform.live_mask(site)
        ended = supervise.wait(attempt, lambda: False, lambda lines: run_log.append_log(site.log, live(lines)))
        applied = self.terraform.report_apply(replace(site, log=attempt / supervise.OUTPUT), ended.exit)
        run_log.append_log(site.log, applied.unlogged)
        return applied


@pytest.fixture(params=["terraform", "tofu"])
def program(request: pytest.FixtureRequest) -> Path:
    """Whatever is tested is tested with both."""
    if request.param == "terraform":
        return Path(shutil.which("terraform", path=ENV["PATH"]) or "")
    return needed("tofu")


@pytest.fixture
def ground(tmp_path: Path, program: Path) -> Ground:
    settings = {"lock_timeout": "1s", "binaries": (str(program),)}
    return Ground(tmp_path, tool(lambda _: settings), read=(program,))


@pytest.fixture
def open_ground(ground: Ground) -> Ground:
    """For projects that talk to a server of the test."""
    return replace(ground, network=NetworkMode.OPEN)


@pytest.fixture
def shelf(tmp_path: Path, program: Path) -> Shelf:
    """A provider, and the tool under its own name in `programs`, where its calls are counted."""
    shelf = Shelf.make(tmp_path / "shelf")
    shelf.count("tofu" if "tofu" in program.name else "terraform", program)
    return shelf


@pytest.fixture
def files() -> Callable[..., Files]:
    return lambda **texts: Files({name.replace("__", "/"): text for name, text in texts.items()})


@pytest.fixture(scope="session", autouse=True)
def terraform_is_there() -> None:
    if shutil.which("terraform", path=ENV["PATH"]) is None:
        pytest.skip("terraform is not installed")
