"""The pages of projects: all that there are, and what was applied to one in the course of time. For who sees all."""

from flask import Blueprint, abort, render_template, request

from bot.server.dependencies import dependencies
from bot.server.pages import requested_page
from bot.store import history as history_store
from bot.store import locks as lock_store
from bot.store import pulls

history = Blueprint("history", __name__)


@history.get("/projects")
def projects() -> str:
    """Every project that was planned once, with what was applied to it last and who works on it now."""
    page = requested_page()
    with dependencies().store.read() as tx:
        repositories = pulls.repositories(tx)
        names = {repository.key: repository.name for repository in repositories}
        requested = request.args.get("repository") or None
        key = next((key for key, name in names.items() if requested in (key, name)), requested)
        places, has_more = history_store.places(tx, key, page)
        locks = {(lock.repository, lock.place): lock for lock in lock_store.list_locks(tx)}
        freeze = lock_store.get_freeze(tx)
    return render_template(
        "projects.html",
        title="Projects",
        places=places,
        locks=locks,
        names=names,
        repository_name=names.get(key or "", requested),
        page=page,
        has_more=has_more,
        freeze=freeze,
    )


@history.get("/projects/history")
def project() -> str:
    """One place of a repository: `repository` is its key (or its name), `place` is `directory:workspace`."""
    page, place, requested = requested_page(), request.args.get("place", ""), request.args.get("repository", "")
    with dependencies().store.read() as tx:
        names = {repository.key: repository.name for repository in pulls.repositories(tx)}
        key = requested if requested in names else next((key for key in names if names[key] == requested), None)
        if key is None or not history_store.is_known(tx, key, place):
            abort(404, "There is no such project.")
        applies, has_more = history_store.applies(tx, key, place, page)
        planned_by = history_store.planned_by(tx, key, place)
        lock = next((row for row in lock_store.list_locks(tx) if (row.repository, row.place) == (key, place)), None)
        pull_keys = {apply.pull for apply in applies} | set(planned_by) | ({lock.pull} if lock else set())
        pulls_by_key = {pull: pulls.get(tx, pull) for pull in pull_keys}
        freeze = lock_store.get_freeze(tx)
    return render_template(
        "history.html",
        title=f"History of {place}",
        repository=names[key],
        key=key,
        place=place,
        applies=applies,
        planned_by=planned_by,
        lock=lock,
        pulls=pulls_by_key,
        page=page,
        has_more=has_more,
        freeze=freeze,
    )
