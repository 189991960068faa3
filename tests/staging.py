"""The demo's stage and its people with what only tests do: kill the bot, break the forge, ask for its checks."""

import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox import stage
from sandbox.forge import client
from tests.rig.starts import count_start


@dataclass(frozen=True)
class Person(client.Person):
    """Somebody who also reviews otherwise, closes, and looks at reactions, statuses and checks."""

    def review(self, repo: str, number: int, event: str, body: str = "") -> int:
        """Submit a review; its id."""
        return int(self.api("POST", f"/repos/{repo}/pulls/{number}/reviews", event=event, body=body)["id"])

    def request_changes(self, repo: str, number: int) -> int:
        """Submit a review that blocks; its id."""
        return self.review(repo, number, "REQUEST_CHANGES", "please look again")

    def close(self, repo: str, number: int) -> None:
        """Close a pull request without merging it."""
        self.api("PATCH", f"/repos/{repo}/pulls/{number}", state="closed")

    def reopen(self, repo: str, number: int) -> None:
        """Open a closed pull request again."""
        self.api("PATCH", f"/repos/{repo}/pulls/{number}", state="open")

    def enqueue(self, repo: str, number: int) -> None:
        """Press *Merge when ready*, where the base branch has a merge queue."""
        query = "mutation($input: EnqueuePullRequestInput!) { enqueuePullRequest(input: $input) { clientMutationId } }"
        body = {"query": query, "variables": {"input": {"pullRequestId": self.pull(repo, number)["node_id"]}}}
        answer = self.session.post(
            f"{self.url}/api/graphql", json=body, headers={"Authorization": f"token {self.token}"}, timeout=60
        )
        assert "errors" not in answer.json(), answer.text

    def reactions(self, repo: str, comment: int) -> list[str]:
        """The contents of a comment's reactions."""
        answer = self.api("GET", f"/repos/{repo}/issues/comments/{comment}/reactions")
        return [reaction["content"] for reaction in answer]

    def statuses(self, repo: str, sha: str) -> dict[str, str]:
        """State by context."""
        combined = self.api("GET", f"/repos/{repo}/commits/{sha}/status")
        return {status["context"]: status["state"] for status in combined["statuses"]}

    def check_runs(self, repo: str, sha: str) -> dict[str, dict[str, Any]]:
        """The newest check run of each name."""
        answer = self.api("GET", f"/repos/{repo}/commits/{sha}/check-runs?per_page=100")
        return {run["name"]: run for run in answer["check_runs"]}

    def annotations(self, repo: str, run: int) -> list[dict[str, Any]]:
        """The annotations of a check run."""
        annotations: list[dict[str, Any]] = self.api("GET", f"/repos/{repo}/check-runs/{run}/annotations?per_page=100")
        return annotations


class ForgeClient(client.ForgeClient):
    """The sandbox with Apps, tokens and faults."""

    person_type = Person

    def app(self, owner: str, manifest: Mapping[str, Any]) -> dict[str, Any]:
        """Make an App; its `id`, `slug`, `pem` and `webhook_secret`."""
        app: dict[str, Any] = self.control("POST", "/apps", owner=owner, manifest=dict(manifest))
        return app

    def install(self, app: int, account: str, **fields: Any) -> int:
        """Install an App, or change how it is: `repos`, `permissions`, `suspended_at`, `gone`."""
        return int(self.control("PUT", f"/apps/{app}/installations/{account}", **fields)["id"])

    def end_tokens(self, seconds: float = 3600) -> None:
        """End all tokens of Apps; the next ones last so long."""
        self.control("PUT", "/tokens", seconds=seconds)

    def fine_token(self, login: str, **fields: Any) -> str:
        """Another token of a user, with `permissions` or `scopes`."""
        return str(self.control("POST", f"/users/{login}/tokens", **fields)["token"])

    def faults(self, **fields: Any) -> None:
        """Replace all faults; none given ends them."""
        self.control("PUT", "/faults", **fields)

    def requests(self) -> list[dict[str, Any]]:
        """What was asked of the API since the last `forget_requests`."""
        recorded: list[dict[str, Any]] = self.control("GET", "/requests")
        return recorded

    def forget_requests(self) -> None:
        """Begin the list of requests anew."""
        self.control("DELETE", "/requests")


class Stage(stage.Stage):
    """The stage with hands on its processes."""

    client_type = ForgeClient
    alice: Person
    bob: Person
    carol: Person
    bot: Person
    forge: ForgeClient
    record: Path | None = None
    """Where the forge writes down what is asked of it, if anywhere."""
    repo_id: int | str = "*"
    """The forge's id of the repository, by which the bot names folders; any, where the forge is not ours."""

    @property
    def outside(self) -> Path:
        """A folder of the machine that foreign programs may write to: there tests see what they do."""
        return self.directory / "outside"

    def environment(self) -> dict[str, str]:
        """What the bot runs with, and what is `outside`."""
        return {"GITOPS_BOT_CAGE__WRITE": str(self.outside)} | super().environment()

    def move_to(self, repo: str) -> None:
        """Leave the repository for a new one; forge, bot and people stay."""
        self.repo = repo
        self._create_repository()
        self._add_webhook()

    def start_bot(self) -> None:
        """Start the bot, on the address it had before."""
        count_start()
        self.outside.mkdir(exist_ok=True)
        super().start_bot()

    def kill_bot(self, number: int = signal.SIGKILL) -> int:
        """Send the bot a signal and wait for its end; its exit status."""
        assert self._bot
        self._bot.send_signal(number)
        status = self._bot.wait(stage.PATIENCE_SECONDS)
        self._bot = None
        return status

    def signal_bot(self, number: int) -> None:
        """Send the bot a signal."""
        assert self._bot
        self._bot.send_signal(number)

    @property
    def bot_pid(self) -> int:
        """The bot's process id."""
        assert self._bot
        return self._bot.pid

    def wait_for_status(self, number: int, name: str, state: str, patience: float = stage.PATIENCE_SECONDS) -> None:
        """Wait for a status of the pull's head. Raises WaitTimeout."""

        def reached() -> bool:
            sha = self.alice.pull(self.repo, number)["head"]["sha"]
            return self.alice.statuses(self.repo, sha).get(name) == state

        self.wait_for(f"status {name} to be {state}", reached, patience)

    def _forge_command(self) -> list[str]:
        return [*super()._forge_command(), *(["--record", str(self.record)] if self.record else [])]

    def _create_repository(self) -> None:
        super()._create_repository()
        self.repo_id = self.alice.api("GET", f"/repos/{self.repo}")["id"]
