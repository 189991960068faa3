"""What a plan says of the rendering itself: only of what changes, only what is not ignored, and never a value."""

from dataclasses import replace

from bot.kube.objects.kube_object import object_of
from bot.kube.objects.masking import Mask
from bot.kube.objects.object_changes import ObjectChange, Verb
from bot.kube.plan.render_notes import note_rendering, project_notes
from bot.kube.render.helm_hooks import split_hooks
from bot.kube.render.revisions import RenderedRevision, RenderedRevisions
from tests.kube.bodies import hook
from tests.kube.planning import Body, configmap

MASK = Mask(b"k" * 32)


def revision(*bodies: Body) -> RenderedRevision:
    return RenderedRevision(*split_hooks(object_of(body) for body in bodies))


def change(body: Body, verb: Verb = Verb.CHANGE, *left: str) -> ObjectChange:
    made = object_of(body)
    return ObjectChange(made.ref, made.api_version, verb, left=left)


def noted(change: ObjectChange, first: Body, second: Body) -> ObjectChange:
    (only,) = note_rendering([change], RenderedRevisions(revision(first), None, revision(second)), MASK)
    return only


def secret(password: str) -> Body:
    return {**configmap("shop", "door", password=password, fixed="Zml4ZWQ="), "kind": "Secret"}


def test_what_differs_between_two_renderings_is_named_without_its_value() -> None:
    (note,) = noted(change(secret("b25l")), secret("b25l"), secret("dHdv")).notes
    assert note.startswith("drawn anew by each rendering: data.password; to keep what the cluster has")


def test_what_is_ignored_or_does_not_change_is_not_named() -> None:
    first, second = secret("b25l"), secret("dHdv")
    assert noted(change(first, Verb.CHANGE, "/data/password"), first, second).notes == ()
    assert noted(change(first, Verb.UNCHANGED), first, second).notes == ()
    assert noted(change(first), first, first).notes == ()


def test_an_object_whose_name_is_drawn_and_a_hooks_fields_are_named_too() -> None:
    first = configmap("shop", "job-1")
    assert "metadata.name" in noted(change(first), first, configmap("shop", "job-2")).notes[0]
    hooks = [hook(configmap("shop", "told", at=moment), "pre-install") for moment in ("one", "two")]
    assert "data.at" in noted(change(hooks[0]), *hooks).notes[0]


def test_the_warnings_of_a_text_are_those_of_its_object() -> None:
    body = configmap("shop", a="1")
    warned = replace(object_of(body), warnings=("the key a is there twice",))
    rendered = RenderedRevisions(RenderedRevision((warned,)), None)
    changes = note_rendering([change(body), change(body, Verb.UNCHANGED)], rendered, MASK)
    assert [one.warnings for one in changes] == [("the key a is there twice",), ()]


def test_what_templates_ask_of_a_history_is_said_once_for_the_project() -> None:
    rendered = RenderedRevisions(revision(), None, release_facts=(".Release.Revision",))
    assert list(project_notes(rendered)) == [
        "Templates ask for .Release.Revision: here every rendering is that of a first install"
    ]


def test_a_thousand_long_lookups_make_one_short_note() -> None:
    assert list(project_notes(RenderedRevisions(revision(), None))) == []
    lookups = tuple(f"Secret shop/{'x' * 10_000}-{number}" for number in range(1000))
    (note,) = project_notes(RenderedRevisions(revision(), None, lookups=lookups))
    assert "and 992 more" in note
    assert len(note) < 2_000
