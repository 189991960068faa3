"""The same bot on Postgres: one setting."""

from collections.abc import Callable

import pytest

from sandbox.stage import WaitTimeout
from tests.e2e.acting import ONE, applied, begin, bots_comments, propose, state_of
from tests.staging import Stage


def on_postgres(stages: Callable[..., Stage], url: str, **more: str) -> Stage:
    return stages({"STORE__URL": url, **more})


def test_the_loop_runs_on_postgres(stages: Callable[..., Stage], postgres: str) -> None:
    stage = on_postgres(stages, postgres, STATE__LOCAL="shared-disk")
    number = propose(stage, begin(stage), {"net/main.tf": ONE})
    applied(stage, number)
    assert "terraform_data" in state_of(stage, "net")
    assert not list(stage.data.glob("*.sqlite"))


def test_local_state_on_postgres_is_refused_unless_the_disk_is_shared(
    stages: Callable[..., Stage], postgres: str
) -> None:
    stage = on_postgres(stages, postgres)
    number = propose(stage, begin(stage), {"net/main.tf": ONE})
    stage.wait_for_comment(number, "no backend")
    assert bots_comments(stage, number)


def test_killed_on_postgres_it_goes_on_after_the_restart(stages: Callable[..., Stage], postgres: str) -> None:
    stage = on_postgres(stages, postgres, STATE__LOCAL="shared-disk")
    number = propose(stage, begin(stage), {"net/main.tf": ONE})
    stage.kill_bot()
    stage.start_bot()
    stage.wait_for_comment(number, "1 to create", "What blocks the apply")


def test_a_second_server_on_a_database_is_refused(stages: Callable[..., Stage], postgres: str) -> None:
    first = on_postgres(stages, postgres)
    with pytest.raises(WaitTimeout, match="did not start") as refused:
        on_postgres(stages, postgres)
    assert "another gitops-bot serves from this database" in str(refused.value)
    first.kill_bot()
    first.start_bot()
