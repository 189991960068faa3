"""Make the store that `test_upgrade` begins with, by people's doings on the bot of today, killed in the middle of them.

Last run on 0.1.0 (commit 73a574a, with the sandbox's door `contents`), Terraform 1.11.4, dbos 3.4.0:

    .venv/bin/python -m tests.upgrades.generate

It is kept as that version wrote it, so run it again only for a store of another version, under another name in `kept`.
What must stand still is held by `holding`; everything promised and written is the bot's own doing.
"""

import json
import sqlite3
import sys
import tempfile
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.e2e.acting import approved, begin, plan_comment, propose, pull_main
from tests.e2e.shell import shell
from tests.upgrades.bucket import Bucket, backend, bucket
from tests.upgrades.kept import BucketStage, keep

ONE = 'resource "terraform_data" "NAME" {\n  input = "1"\n}\n'
FAILS = '  provisioner "local-exec" {\n    command = "exit 3"\n  }\n}\n'
RULES = {"app": "depends_on: [net]", "c": "depends_on: [a]", "landed": "apply: merge", "ripe": "apply: approval"}
RULES |= {"landed-before": "apply: merge", "ripe-before": "apply: approval"}
DIRECTORIES = (
    *("base", "net", "app", "a", "b", "c", "d", "landed", "ripe", "opened", "again", "asked", "commanded", "ended"),
    *("cancelled", "closed", "reviewed", "said", "spoken", "delayed", "merged", "unlocked", "moved", "swept"),
    *("told", "gone", "fresh", "kept", "landed-before", "ripe-before"),
)
PROJECTS = [f"  - {{dir: {name}{', ' if name in RULES else ''}{RULES.get(name, '')}}}\n" for name in DIRECTORIES]

PROMISED = "select i.inputs from workflow_input i join workflow_status using (workflow_uuid) where status = ?"


class HoldingStage(BucketStage):
    """A stage whose bot can be held."""

    def __init__(self, directory: Path, its: Bucket) -> None:
        super().__init__(directory, its, {"SWEEP_EVERY": "1h", "WORKERS": "2"})

    def environment(self) -> dict[str, str]:
        return super().environment() | {"HELD": str(self.held)}

    @property
    def held(self) -> Path:
        return self.directory / "held"

    def hold(self, what: str, word: object) -> None:
        with self.held.open("a") as file:
            file.write(f"{what} {word}\n")

    def _process(self, name: str, argv: list[str], env: Mapping[str, str]) -> object:
        self.held.touch()
        holding = [sys.executable, "-m", "tests.upgrades.holding", *argv[3:]]
        return super()._process(name, holding if name == "bot" else argv, env)

    def promised(self, kind: str, word: object, status: str = "PENDING") -> None:
        """Wait until the engine has a job of that kind with this among its arguments."""

        def look() -> bool:
            with closing(sqlite3.connect(self.data / "engine.sqlite")) as engine:
                inputs = engine.execute(PROMISED, [status]).fetchall()
            jobs = (json.loads(text)["positionalArgs"] for (text,) in inputs)
            return any(its == kind and str(word) in args.values() for _, its, args in jobs)

        self.wait_for(f"job {kind} {word} to be {status}", look)

    def waits(self, place: str, reason: str) -> None:
        """Wait until a row waits for that."""

        rows = "select 1 from run_project where place = ? and waits_for = ? and state = 'queued'"
        self.wait_for(f"a row of {place} to wait for {reason}", lambda: self.stored(rows, f"{place}:default", reason))

    def stored(self, question: str, *values: str) -> list[Any]:
        """What the bot's store answers."""
        with closing(sqlite3.connect(self.data / "store.sqlite")) as store:
            return store.execute(question, values).fetchall()


class Story:
    """What people do, one pull request after the other."""

    def __init__(self, stage: HoldingStage) -> None:
        self.stage, self.newest, self.swept = stage, 0, 0
        listed = {"gitops.yaml": "".join(["version: 1\nprojects:\n", *PROJECTS])}
        self.clone = begin(stage, listed | {f"{name}/backend.tf": backend(name) for name in DIRECTORIES})

    def opened(self, *dirs: str, branch: str = "", text: str = "", **more: bool) -> int:
        """A pull request that adds an object to each directory; its number."""
        branch = branch or dirs[0]
        files = {f"{its}/{branch}.tf": ONE.replace("NAME", branch).replace("}\n", text or "}\n") for its in dirs}
        self.newest = propose(self.stage, self.clone, files, branch, **more)
        return self.newest

    def planned(self, *dirs: str, **more: str) -> int:
        number = self.opened(*dirs, **more)
        self.stage.comment_with(number, "What blocks the apply")
        return number

    def approved(self, *dirs: str, **more: str) -> int:
        number = self.opened(*dirs, **more)
        approved(self.stage, number)
        return number

    def say(self, number: int, words: str) -> int:
        return self.stage.alice.comment(self.stage.repo, number, words)

    def held(self, kind: str, number: int, words: str) -> None:
        """Somebody asks for a job that is promised and never begun."""
        self.stage.hold(kind, number)
        self.say(number, words)
        self.stage.promised(kind, number)

    def over(self, comment: int) -> None:
        """Wait until what the comment asked for went well."""
        look = lambda: "rocket" in self.stage.alice.reactions(self.stage.repo, comment)  # noqa: E731
        self.stage.wait_for(f"the end of what comment {comment} asked for", look)

    def move(self, name: str) -> None:
        """Push to main what makes the plan of a directory stale."""
        pull_main(self.stage, self.clone)
        self.stage.alice.push(self.clone, {f"{name}/backend.tf": f"{backend(name)}# moved\n"}, "main", f"Move {name}")

    def tell(self) -> None:
        self.whole_pulls()
        self.held_by_commands()
        self.held_by_events()
        self.held_after_an_apply()
        self.landed()
        self.waiting_rows()
        self.untaken_deliveries()

    def whole_pulls(self) -> None:
        """One that is merged, one that waits for nothing but `/apply`, and plans of every other reason."""
        stage = self.stage
        merged = self.approved("base")
        self.say(merged, "/apply")
        stage.merged(merged)
        stage.comment_with(merged, "Applied", "Merged as")
        stage.bob.merge(stage.repo, landed := self.approved("landed-before"))
        stage.comment_with(landed, "Applied")
        stage.bob.approve(stage.repo, ripe := self.planned("ripe-before"))
        stage.merged(ripe)
        self.approved("net", "app")
        stage.forge.faults(lose_webhooks=2)
        self.swept = self.opened("swept")
        stage.kill_bot()
        stage.start_bot()
        stage.comment_with(self.swept, "What blocks the apply")
        self.move("swept")
        stage.wait_for("a plan on the new base", lambda: "moved" in shell(stage, "runs", "--json"))
        self.held("rollback", merged, "/rollback")

    def held_by_commands(self) -> None:
        stage = self.stage
        self.held("plan", self.planned("again"), "/plan -p again")
        self.held("apply", self.approved("asked"), "/apply")
        self.held("command", self.planned("commanded"), "/plan")
        ended = self.planned("ended")
        stage.hold("ended", ended)
        self.say(ended, "/plan")
        stage.promised("ended", ended)
        stage.hold("plan_project", "cancelled:default")
        cancelled = self.opened("cancelled")
        stage.promised("plan_project", "cancelled:default")
        self.held("cancel", cancelled, "/cancel")

    def held_by_events(self) -> None:
        stage = self.stage
        stage.hold("plan", self.newest + 1)
        stage.promised("plan", self.opened("opened"))
        closed = self.planned("closed")
        stage.hold("close", closed)
        stage.alice.close(stage.repo, closed)
        stage.promised("close", closed)
        reviewed = self.planned("reviewed")
        stage.alice.push(self.clone, {"reviewed/more.tf": ONE.replace("NAME", "more")}, "reviewed", "And more")
        stage.comment_with(reviewed, "2 to create", "What blocks the apply")
        stage.hold("review", reviewed)
        stage.bob.approve(stage.repo, reviewed)
        stage.promised("review", reviewed)
        stage.hold("apply", self.newest + 1)
        ripe = self.planned("ripe")
        stage.bob.approve(stage.repo, ripe)
        stage.promised("review", ripe, "SUCCESS")
        stage.promised("apply", ripe)
        said = self.planned("said")
        self.reopened(said)
        stage.hold("say", said)
        stage.bob.approve(stage.repo, said)
        stage.promised("say", said)
        spoken = self.planned("spoken")
        stage.hold("speaking", f"plan:github:{stage.repo_id}#{spoken}")
        stage.bob.approve(stage.repo, spoken)
        stage.promised("say", spoken)
        stage.hold("queue", "*")
        self.merge_group()
        stage.promised("queue", self.head())
        self.delayed()

    def reopened(self, number: int) -> None:
        self.stage.alice.close(self.stage.repo, number)
        gone = "select 1 from plan where pull = ? and state = 'gone'"
        key = f"github:{self.stage.repo_id}#{number}"
        self.stage.wait_for("its plan to be dropped", lambda: self.stage.stored(gone, key))
        self.stage.alice.reopen(self.stage.repo, number)
        self.stage.comment_with(number, "What blocks the apply")

    def delayed(self) -> None:
        """A job that the forge asked to try again later."""
        number = self.opened("delayed", draft=True)
        self.stage.promised("plan", number, "SUCCESS")
        self.stage.forge.control("POST", f"/repos/{self.stage.repo}/pulls/{number}/draft", login="alice", draft=False)
        self.stage.comment_with(number, "What blocks the apply")
        fault = {"method": "GET", "path": f"/pulls/{number}$", "status": 503, "times": 1000, "retry_after": 60}
        self.stage.forge.faults(fail=[fault])
        self.say(number, "/plan")
        self.stage.promised("command", number, "DELAYED")
        self.stage.forge.faults()

    def held_after_an_apply(self) -> None:
        """One that went well and is not merged; one that failed, was planned again and is to be unlocked."""
        merged = self.approved("merged")
        self.stage.hold("merge", merged)
        self.say(merged, "/apply")
        self.stage.promised("merge", merged)
        unlocked = self.approved("unlocked", text=FAILS)
        self.say(unlocked, "/apply")
        self.stage.comment_with(unlocked, "failed", "/plan")
        self.stage.wait_for("a new plan", lambda: "the last apply failed" in self.apply_status(unlocked))
        self.held("unlock", unlocked, "/unlock")

    def landed(self) -> None:
        """Two that were merged and are applied by that, one after the other; their merges made the base move."""
        stage = self.stage
        kept = self.planned("kept")
        stage.bob.merge(stage.repo, kept)
        stage.comment_with(kept, "Merged, and not applied yet")
        first, second = self.approved("landed", branch="first"), self.approved("landed", branch="second")
        moved = self.planned("moved")
        stage.hold("moved", "main")
        stage.hold("apply", first)
        stage.bob.merge(stage.repo, first)
        stage.promised("apply", first)
        stage.bob.merge(stage.repo, second)
        stage.promised("close", second, "SUCCESS")
        self.move("moved")
        stage.promised("moved", "main")
        assert "stale" not in plan_comment(stage, moved)

    def waiting_rows(self) -> None:
        """An apply whose rows wait for a slot, for what they depend on, for their turn; one has written its intent."""
        stage = self.stage
        applied = self.approved("a", "b", "c", "d", branch="many")
        stage.hold("planning", "a")
        self.opened("a", branch="rival")
        stage.promised("plan_project", "a:default")
        stage.hold("beginning", "b")
        self.say(applied, "/apply")
        stage.waits("a", "another run of this project")
        stage.waits("c", "what it depends on")
        stage.waits("d", "its turn")
        look = lambda: "applying" in "".join(c["body"] for c in stage.alice.comments(stage.repo, applied))  # noqa: E731
        stage.wait_for("the apply's comment", look)

    def untaken_deliveries(self) -> None:
        """One of each kind that the bot recorded and made no job of."""
        stage = self.stage
        told, gone = self.planned("told"), self.planned("gone")
        stage.hold("intake", "*")
        self.opened("fresh")
        self.say(told, "/plan -d told")
        stage.bob.approve(stage.repo, told)
        stage.alice.close(stage.repo, gone)
        self.merge_group()
        undone = "select event from delivery where done_at is null"
        stage.wait_for("a push, a pull, a comment, a review, an end, a group", lambda: len(stage.stored(undone)) >= 6)

    def head(self) -> str:
        return str(self.stage.alice.git(self.clone, "rev-parse", "main"))

    def merge_group(self) -> None:
        self.stage.forge.control("POST", f"/repos/{self.stage.repo}/merge-group", sha=self.head(), login="alice")

    def apply_status(self, number: int) -> str:
        sha = self.stage.alice.pull(self.stage.repo, number)["head"]["sha"]
        statuses = self.stage.alice.api("GET", f"/repos/{self.stage.repo}/commits/{sha}/status")["statuses"]
        return "".join(status["description"] for status in statuses if status["context"] == "gitops-bot/apply")


def forget_what_is_over(stage: HoldingStage) -> None:
    """As the sweep does after two weeks; but comments stay, which it would find anew."""
    over = "select workflow_uuid from workflow_status where status = 'SUCCESS'"
    with closing(sqlite3.connect(stage.data / "engine.sqlite")) as engine, engine:
        for table in ("workflow_input", "workflow_output", "workflow_status"):
            its = f"workflow_uuid in ({over}) and workflow_uuid not like 'comment:%'"
            engine.execute(f"delete from {table} where {its}")
    with closing(sqlite3.connect(stage.data / "store.sqlite")) as store, store:
        store.execute("delete from delivery where done_at is not null")


def main() -> None:
    with tempfile.TemporaryDirectory() as directory, bucket() as its, HoldingStage(Path(directory), its) as stage:
        story = Story(stage)
        story.tell()
        stage.kill_bot()
        killed_at = datetime.now(UTC)
        shell(stage, "freeze", "an upgrade")  # asks for every plan comment, and promises nothing
        shell(stage, "thaw")
        shell(stage, "unlock", f"{stage.repo}#{story.swept}")
        forget_what_is_over(stage)
        keep(stage, its, killed_at)


if __name__ == "__main__":
    main()
