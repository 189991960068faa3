"""The provider `shelf` as tests use it: a mirror that serves it, the folder with its objects, programs for it.

`main.go` beside this file is the provider; `make rig` builds it.
"""

import json
import os
import platform
import shutil
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.rig.build import PROVIDER, find

SOURCE, VERSION = "registry.example/tests/shelf", "1.0.0"
MACHINES = {"x86_64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
COUNTING = '#!/bin/sh\necho "${{1#-chdir=*}}" >> {calls}\nexec {program} "$@"\n'


def needed(name: str) -> Path:
    """A program of the rig; without it the test is left out, or fails where RIG=required."""
    found = None if os.environ.get("RIG") == "no" else find(name)
    if found is None:
        why = f"no {name}: RIG=no" if os.environ.get("RIG") == "no" else f"no {name}: `make rig` builds it"
        pytest.fail(why, pytrace=False) if os.environ.get("RIG") == "required" else pytest.skip(why)
    return found


@dataclass(frozen=True)
class Shelf:
    """All but the `objects` is below `top`. Packages are zips, which init unpacks as if it had downloaded them."""

    top: Path
    objects: Path

    @classmethod
    def make(cls, top: Path) -> "Shelf":
        shelf = cls(top, top / "objects")
        folder = shelf.mirror / SOURCE
        for path in (folder, shelf.objects, shelf.programs):
            path.mkdir(parents=True)
        target = f"linux_{MACHINES[platform.machine()]}"
        entry = zipfile.ZipInfo(f"{PROVIDER}_v{VERSION}")
        entry.external_attr = 0o755 << 16
        with zipfile.ZipFile(folder / f"{PROVIDER}_{VERSION}_{target}.zip", "w") as package:
            package.writestr(entry, needed(PROVIDER).read_bytes())
        shelf.cli_config.write_text(
            f'provider_installation {{\n  filesystem_mirror {{\n    path = "{shelf.mirror}"\n  }}\n}}\n'
        )
        return shelf

    def emptied(self, objects: Path) -> "Shelf":
        """The same mirror and programs, with nothing made yet."""
        objects.mkdir()
        return Shelf(self.top, objects)

    @property
    def mirror(self) -> Path:
        return self.top / "mirror"

    @property
    def cli_config(self) -> Path:
        return self.top / "cli.tfrc"

    @property
    def programs(self) -> Path:
        """A folder for PATH, with `count`ing programs."""
        return self.top / "programs"

    def close(self) -> None:
        """Nothing can be downloaded from now on."""
        shutil.move(self.mirror, self.top / "mirror-that-was")

    def open(self) -> None:
        shutil.move(self.top / "mirror-that-was", self.mirror)

    def count(self, name: str, program: Path) -> None:
        """Put a program into `programs` whose every call is noted, by its first word."""
        target = self.programs / name
        target.write_text(COUNTING.format(calls=self.top / "calls", program=program))
        target.chmod(0o755)

    def calls(self, command: str) -> int:
        calls = self.top / "calls"
        return calls.read_text().split().count(command) if calls.exists() else 0

    def text(self, *books: str, more: str = "") -> str:
        """A configuration with this provider and these books."""
        return (
            f'terraform {{\n  required_providers {{\n    shelf = {{\n      source = "{SOURCE}"\n    }}\n  }}\n}}\n'
            f'provider "shelf" {{\n  dir = "{self.objects}"\n}}\n{more}' + "".join(books)
        )

    def object(self, name: str) -> dict[str, Any] | None:
        path = self.objects / f"{name}.json"
        return json.loads(path.read_text()) if path.exists() else None  # type: ignore[no-any-return]  # what we wrote

    def put(self, name: str, **changed: object) -> None:
        """Make or change an object by hand."""
        it = self.object(name) or {"name": name, "title": name, "finished": True}
        (self.objects / f"{name}.json").write_text(json.dumps(it | changed))


def book(name: str, title: str = "One", *more: str, at: str = "one") -> str:
    """A resource; `more` are further lines of it."""
    lines = [f'name = "{name}"', f'title = "{title}"', *more]
    return f'resource "shelf_book" "{at}" {{\n' + "".join(f"  {line}\n" for line in lines) + "}\n"
