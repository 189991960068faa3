"""Every secret of the operator's may be a file, so that it need not stand in the environment of any process."""

from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel, SecretStr

from bot.config.settings import SECRETS_BY_FILE, Settings
from bot.config.sources import read_variables, resolve_files
from tests.docs.reference import sections

ADDRESSES_WITH_PASSWORDS = {"STORE__URL"}


def secrets(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """The names of a model's secret settings, those of its groups too."""
    for key, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from secrets(field.annotation, f"{prefix}{key.upper()}__")
        elif field.annotation is SecretStr or SecretStr in get_args(field.annotation):
            yield f"{prefix}{key.upper()}"


SECRETS = {
    *secrets(Settings),
    *(name for section, model in sections().items() for name in secrets(model, f"{section}__")),
    *ADDRESSES_WITH_PASSWORDS,
}


def test_the_secrets_are_those_that_we_know_of() -> None:
    assert {"SERVER__TOKEN", "VAULT__KEY", "VAULT__OLD_KEYS", "GITHUB__PRIVATE_KEY", "GITEA__TOKEN"} < SECRETS


@pytest.mark.parametrize("name", sorted(SECRETS))
def test_a_file_may_hold(tmp_path: Path, name: str) -> None:
    (tmp_path / "secret").write_text("sésame\n")
    source = resolve_files(read_variables({f"GITOPS_BOT_{name}_FILE": "secret"}), tmp_path, SECRETS_BY_FILE)
    assert source.values == {tuple(name.lower().split("__")): "sésame"}
