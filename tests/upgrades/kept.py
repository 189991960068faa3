"""A store of an earlier version as files that people can read, and back.

What belongs to one machine or moment stands in them under a name: addresses, and DUMPED_AT for the moment when the bot
was killed. `generate` writes them, `test_upgrade` begins with them.
"""

import base64
import json
import re
import shutil
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.staging import Stage
from tests.upgrades.bucket import Bucket, free_port

HERE = Path(__file__).parent
STORE, ENGINE, FORGE = HERE / "v0_1_store.sql", HERE / "v0_1_engine.sql", HERE / "v0_1_forge.json"
STATES, ARTIFACTS = HERE / "v0_1_states.json", HERE / "v0_1_artifacts"
COMMITS, MIRROR = HERE / "forge.bundle", HERE / "mirror.bundle"
FORGE_ADDRESS, BOT_ADDRESS = "http://forge.invalid", "http://bot.invalid"
DUMPED_AT = datetime(2026, 1, 1, 12, tzinfo=UTC)
MOMENT = re.compile(r"\b(\d{4}-\d\d-\d\d)([T ])(\d\d:\d\d:\d\d)(\.\d+)?")
MILLISECONDS = re.compile(r"\b1[5-9]\d{11}\b")
SETTINGS = {
    "CAGE__NETWORK": "open",
    "VAULT__KEY": base64.b64encode(b"a key that guards nothing at all").decode(),
    "TOOL_ENV": "AWS_ENDPOINT_URL_S3,AWS_ACCESS_KEY_ID,AWS_SECRET_ACCESS_KEY",
}


class BucketStage(Stage):
    """A stage whose states are in a bucket and whose vault has a key that everybody knows."""

    def __init__(self, directory: Path, bucket: Bucket, settings: Mapping[str, str]) -> None:
        super().__init__(directory, SETTINGS | dict(settings))
        self._bucket = bucket

    def environment(self) -> dict[str, str]:
        return super().environment() | self._bucket.environment

    @property
    def commits(self) -> Path:
        """The forge's bare repository."""
        return self.directory / "forge" / "repositories" / f"{self.repo.replace('/', '--')}.git"


class Upgraded(BucketStage):
    """A stage on which an earlier version was killed two minutes ago; what starts is the bot of now."""

    def _create_repository(self) -> None:
        super()._create_repository()
        self._since = datetime.now(UTC) - timedelta(minutes=2) - DUMPED_AT
        self.bot_url = f"http://127.0.0.1:{free_port()}"
        contents = json.loads(self._here(FORGE))
        assert contents.pop("id") == self.repo_id
        self._fetch(COMMITS, self.commits)
        self._fetch(MIRROR, self.data / "mirrors" / contents.pop("mirror"))
        self.forge.control("PUT", f"/repos/{self.repo}/contents", **contents)
        self._bucket.put(json.loads(self._here(STATES)))
        shutil.copytree(ARTIFACTS, self.data / "artifacts")
        for name, kept in (("store", STORE), ("engine", ENGINE)):
            self.put(name, self._here(kept))

    def put(self, name: str, text: str) -> None:
        """Make the store or the engine's database from what was kept of it."""
        with closing(sqlite3.connect(self.data / f"{name}.sqlite")) as database:
            database.executescript(text)

    def ask(self, name: str, question: str) -> list[tuple[Any, ...]]:
        """What the store or the engine's database answers now."""
        with closing(sqlite3.connect(self.data / f"{name}.sqlite")) as database:
            return database.execute(question).fetchall()

    def _fetch(self, bundle: Path, into: Path) -> None:
        into.mkdir(parents=True, exist_ok=True)
        self.alice.git(into, "init", "--bare", "--quiet", ".")
        self.alice.git(into, "fetch", "--quiet", str(bundle), "+refs/*:refs/*")

    def _here(self, kept: Path) -> str:
        text = kept.read_text().replace(FORGE_ADDRESS, self.forge.url).replace(BOT_ADDRESS, self.bot_url)
        return shifted(text, self._since)


def keep(stage: BucketStage, bucket: Bucket, killed_at: datetime) -> None:
    """Write down what a bot that was killed left on its disk, and what its forge and its bucket hold."""

    def write(path: Path, text: str) -> None:
        text = text.replace(stage.forge.url, FORGE_ADDRESS).replace(stage.bot_url, BOT_ADDRESS)
        for word in (str(stage.directory), "/tmp/", str(HERE.parents[1]), bucket.address):
            assert word not in text, f"{path} tells of {word}"
        path.write_text(shifted(text, DUMPED_AT - killed_at))

    for name, path in (("store", STORE), ("engine", ENGINE)):
        with closing(sqlite3.connect(stage.data / f"{name}.sqlite")) as database:
            write(path, "\n".join([*database.iterdump(), ""]))
    (mirror,) = stage.data.glob("mirrors/*.git")
    contents = stage.forge.control("GET", f"/repos/{stage.repo}/contents")
    write(FORGE, json.dumps(contents | {"id": stage.repo_id, "mirror": mirror.name}, indent=1) + "\n")
    write(STATES, json.dumps(bucket.objects(), indent=1) + "\n")
    shutil.rmtree(ARTIFACTS, ignore_errors=True)
    ARTIFACTS.mkdir()
    for artifact in stage.data.glob("artifacts/*"):
        shutil.copyfile(artifact, ARTIFACTS / artifact.name)
    for commits, path in ((stage.commits, COMMITS), (mirror, MIRROR)):
        stage.alice.git(commits, "bundle", "create", "--quiet", str(path), "--all")


def shifted(text: str, by: timedelta) -> str:
    """The text with every moment in it so many whole seconds later, each in its own form."""
    by = timedelta(seconds=round(by.total_seconds()))

    def moved(match: re.Match[str]) -> str:
        day, between, clock, fraction = match.groups(default="")
        return f"{datetime.fromisoformat(f'{day} {clock}') + by:%Y-%m-%d{between}%H:%M:%S}{fraction}"

    milliseconds = int(by.total_seconds() * 1000)
    return MILLISECONDS.sub(lambda match: str(int(match[0]) + milliseconds), MOMENT.sub(moved, text))
