"""Settings become parts: the only place where they meet. Providers are found in their folders, known here alone."""

import fcntl
import importlib
import logging
import os
import pkgutil
import signal
import sqlite3
import sys
import threading
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from types import ModuleType
from typing import IO

from bot import jobs, supervise
from bot.bot import Bot, Folders, Limits
from bot.cache import Cache
from bot.cage.cages import NO_CAGE, Cages
from bot.cage.from_settings import load_cages
from bot.config.schema import Schema
from bot.config.settings import Settings
from bot.core.errors import Refused
from bot.core.pull import Repository
from bot.core.run import Intent, Run
from bot.engine import Engine
from bot.intake import Intake
from bot.ports import Host, Tool
from bot.server.app import create_app
from bot.server.dependencies import Dependencies
from bot.server.links import run_link
from bot.server.serve import Server
from bot.steps.run import restored, survival
from bot.store import Store, intents
from bot.sweep import Sweep
from bot.tool_limiter import ToolLimiter
from bot.vault import Vault

ALWAYS_PASSED = ("PATH", "LANG", "LC_ALL", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR")
AFTER_INTERRUPT_SECONDS = 60.0
POLL_SECONDS = 0.1

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Parts:
    """What a serving process is made of. `claims` on data directory and database are held while the process lives."""

    bot: Bot
    intake: Intake
    sweep: Sweep
    server: Server
    claims: tuple[object, ...]
    shutdown: threading.Event


def serve(settings: Settings, environment: Mapping[str, str]) -> int:
    """Serve until SIGTERM or SIGINT, then leave well: plans stop, applies are awaited. Returns the exit status."""
    parts = assemble(settings, environment)
    _log_cage(parts.bot.cages)
    restored.compare_with_forges(parts.bot)
    parts.bot.engine.launch(partial(jobs.run, parts.bot))
    parts.intake.start()
    parts.sweep.start()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: parts.shutdown.set())
    threading.Thread(target=_shut_down, args=(parts, settings.stop_grace.total_seconds()), daemon=True).start()
    host = settings.server.listen.rpartition(":")[0] or "0.0.0.0"
    sys.stdout.write(f"gitops-bot listening on http://{host}:{parts.server.port}\n")
    sys.stdout.flush()
    parts.server.run()
    logging.shutdown()
    os._exit(0)  # jobs that still run stay promised; their plans die with us and run again


def _log_cage(cages: Cages) -> None:
    if cages.kind == NO_CAGE:
        logger.warning("foreign programs run without a cage, as the bot's user (CAGE__KIND=%s)", cages.kind)
    else:
        logger.info("foreign programs run in %s", cages.kind)


def assemble(settings: Settings, environment: Mapping[str, str]) -> Parts:
    """Open and join everything; nothing runs yet. Raises Refused where a setting is missing or wrong."""
    claim = claim_data_dir(settings.data_dir)
    bot = build_bot(settings, environment)
    server_claim = bot.store.claim_server()
    intake = Intake(bot.store, bot.engine, bot.clock, bot.vocabulary)
    sweep = Sweep(bot, settings.sweep_every)
    dependencies = Dependencies(
        store=bot.store,
        hosts=bot.hosts,
        vault=bot.vault,
        log_path=partial(_log, bot),
        token=settings.server.token.get_secret_value() if settings.server.token else None,
        url=settings.server.url,
        unready_reason=lambda: _unready_reason(bot, intake, sweep),
        wake_intake=intake.wake,
        cage=bot.cages.kind,
        forge_health=bot.forge_health,
        oldest_waiting=bot.engine.oldest_waiting,
    )
    server = Server(create_app(dependencies), settings.server.listen, settings.server.trusted_proxy)
    return Parts(bot, intake, sweep, server, (claim, server_claim), threading.Event())


def _unready_reason(bot: Bot, intake: Intake, sweep: Sweep) -> str | None:
    """Why nobody should send us work; None when all is well."""
    if bot.stopping.is_set():
        return "stopping"
    if reason := bot.forge_health.unready_reason():
        return reason
    broken = [name for name, alive in (("intake", intake.alive), ("sweep", sweep.alive)) if not alive]
    return f"{' and '.join(broken)} ended by a bug; see the log, and restart" if broken else None


def build_bot(settings: Settings, environment: Mapping[str, str]) -> Bot:
    """The parts that jobs use, with the store brought to its newest shape."""
    store = open_store(settings)
    key = settings.vault.key.get_secret_value() if settings.vault.key else None
    old_keys = [old.get_secret_value() for old in settings.vault.old_keys]
    vault = Vault.open_or_create(settings.data_dir / "vault.key", key, old_keys)
    return Bot(
        store=store,
        engine=Engine(_engine_url(settings, store), executor=_executor(settings, store)),
        hosts=load_hosts(settings),
        tools=load_tools(settings),
        schema=load_schema(),
        vocabulary=jobs.vocabulary(),
        vault=vault,
        cache=Cache(settings.data_dir / "cache", vault),
        cages=load_cages(settings.cage, settings.data_dir, environment),
        folders=Folders(settings.data_dir),
        limits=Limits(
            turns=ToolLimiter(settings.workers),
            tool=settings.timeout,
            plan_ttl=settings.plan_ttl,
        ),
        name="gitops-bot",
        environment=_environment(settings, environment),
        clock=lambda: datetime.now(UTC),
        link=partial(_link, vault, settings.server.url),
        local_state=store.embedded or settings.state.local == "shared-disk",
        project_status=settings.project_status,
    )


def open_store(settings: Settings) -> Store:
    """The store, with its tables brought to the newest shape; makes the data directory."""
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    store = Store(settings.store.url or f"sqlite:///{settings.data_dir / 'store.sqlite'}")
    store.migrate()
    return store


def load_hosts(settings: Settings) -> dict[str, Host]:
    """Every host that has settings. Raises Refused where there is none, or naming what its settings lack."""
    modules = _providers("bot.hosts")
    hosts: dict[str, Host] = {
        name: module.host(section, settings.repos)
        for name, module in modules.items()
        if (section := settings.section(name))
    }
    if not hosts:
        tokens = " or ".join(f"GITOPS_BOT_{name.upper()}__TOKEN" for name in modules)
        raise Refused(f"no forge is configured: set {tokens} and what belongs to it")
    return hosts


def load_tools(settings: Settings) -> dict[str, Tool]:
    """Every tool there is; each reads its own settings, and those that it shares with others."""
    modules = _providers("bot.tools")
    return {name: module.tool(settings.section) for name, module in modules.items()}


@cache
def load_schema() -> Schema:
    """The schema of gitops.yaml with the keys that each tool's package declares as `KEYS`."""
    return Schema.of(keys for module in _providers("bot.tools").values() for keys in getattr(module, "KEYS", ()))


def claim_data_dir(data_dir: Path) -> IO[str]:
    """Make sure that we alone work in the data directory of this host. Raises Refused where another does."""
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    claim = (data_dir / "lock").open("a")
    try:
        fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise Refused(f"another gitops-bot runs on {data_dir}; stop it or set DATA_DIR") from error
    return claim


def _providers(package: str) -> dict[str, ModuleType]:
    """The modules of a folder by name."""
    folder = importlib.import_module(package)
    names: Sequence[str] = [module.name for module in pkgutil.iter_modules(folder.__path__)]
    return {name: importlib.import_module(f"{package}.{name}") for name in names}


def _engine_url(settings: Settings, store: Store) -> str:
    """SQLite has a file of its own for the engine, in WAL mode; Postgres holds both."""
    if not store.embedded:
        return store.url.render_as_string(hide_password=False)
    path = settings.data_dir / "engine.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("pragma journal_mode=wal")
    return f"sqlite:///{path}"


def _executor(settings: Settings, store: Store) -> str:
    """Unique among live processes (the data directory is claimed), and the same after a restart, whatever the host."""
    if store.embedded:
        return "embedded"
    path = settings.data_dir / "executor"
    if not path.exists():
        path.write_text(uuid.uuid4().hex)
    return path.read_text()


def _environment(settings: Settings, environment: Mapping[str, str]) -> dict[str, str]:
    """What tools get: built from nothing, with what the operator names. Each run adds a HOME of its own."""
    names = (*ALWAYS_PASSED, *settings.tool_env)
    return {name: environment[name] for name in names if name in environment}


def _link(vault: Vault, url: str, repository: Repository, run: Run) -> str | None:
    return run_link(vault, url, repository, run.id, run.created_at or datetime.now(UTC)) if url else None


def _log(bot: Bot, run: str, place: str) -> Path:
    return bot.folders.log(run, place)


def _shut_down(parts: Parts, grace: float) -> None:
    """Wait to be told to leave; then let applies end, interrupt those that do not, and close the doors last."""
    parts.shutdown.wait()
    logger.info("leaving: no new work, applies have %.0f s", grace)
    parts.bot.stopping.set()
    parts.bot.run_ends.announce()
    parts.intake.stop()
    parts.sweep.stop()
    if not _wait_for_applies(parts.bot, grace):
        with parts.bot.store.read() as tx:
            running = intents.list_open(tx)
        for intent in running:
            supervise.interrupt(parts.bot.folders.attempt(intent.id))
        _wait_for_applies(parts.bot, AFTER_INTERRUPT_SECONDS)
    survival.forget_plans(parts.bot.folders)
    parts.server.close()


def _wait_for_applies(bot: Bot, seconds: float) -> bool:
    """True when no tool is applying any more, and what it did is told."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with bot.store.read() as tx:
            running = [intent for intent in intents.list_open(tx) if _has_folder(bot, intent)]
        if not running:
            return True
        time.sleep(POLL_SECONDS)
    return False


def _has_folder(bot: Bot, intent: Intent) -> bool:
    """An attempt whose end was told has left no folder behind."""
    return bot.folders.attempt(intent.id).exists()
