"""The pages of projects: all that there are, and what was applied to one in the course of time. For who sees all."""

from flask import Blueprint, abort, render_template, request

from bot.server.doors import doors
from bot.server.pages import page_asked_for
from bot.store import history as kept
from bot.store import locks as claims
from bot.store import pulls

history = Blueprint("history", __name__)


@history.get("/projects")
def projects() -> str:
    """Every project that was planned once, with what was applied to it last and who works on it now."""
    page = page_asked_for()
    with doors().store.read() as tx:
        repositories = pulls.repositories(tx)
        names = {each.key: each.name for each in repositories}
        wanted = request.args.get("repository") or None
        key = next((key for key, name in names.items() if wanted in (key, name)), wanted)
        known, more = kept.places(tx, key, page)
        held = {(lock.repository, lock.place): lock for lock in claims.listed(tx)}
        freeze = claims.frozen(tx)
    return render_template(
        "projects.html",
        title="Projects",
        known=known,
        held=held,
        names=names,
        wanted=names.get(key or "", wanted),
        page=page,
        more=more,
        freeze=freeze,
    )


@history.get("/projects/history")
def project() -> str:
    """One place of a repository: `repository` is its key (or its name), `place` is `directory:workspace`."""
    page, place, asked = page_asked_for(), request.args.get("place", ""), request.args.get("repository", "")
    with doors().store.read() as tx:
        names = {each.key: each.name for each in pulls.repositories(tx)}
        key = asked if asked in names else next((key for key, name in names.items() if name == asked), None)
        if key is None or not kept.is_known(tx, key, place):
            abort(404, "There is no such project.")
        applies, more = kept.applies(tx, key, place, page)
        planned = kept.planned_by(tx, key, place)
        lock = next((one for one in claims.listed(tx) if (one.repository, one.place) == (key, place)), None)
        wanted = {one.pull for one in applies} | set(planned) | ({lock.pull} if lock else set())
        known = {pull: pulls.get(tx, pull) for pull in wanted}
        freeze = claims.frozen(tx)
    return render_template(
        "history.html",
        title=f"History of {place}",
        repository=names[key],
        key=key,
        place=place,
        applies=applies,
        planned=planned,
        lock=lock,
        pulls=known,
        page=page,
        more=more,
        freeze=freeze,
    )
