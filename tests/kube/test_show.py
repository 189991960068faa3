"""How the objects of a plan are shown."""

from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.plan import Action, Change, Content, Counts, Severity
from bot.kube.objects.kube_object import ObjectRef
from bot.kube.objects.object_changes import ChangeCause, FieldChange, ObjectChange, Verb
from bot.kube.plan.field_diff import diff_fields
from bot.kube.plan.plan_content import OFFLINE_NOTE, plan_content
from bot.templates import plan_comment
from tests.comments.building import PAGE, plan, project
from tests.comments.hostile_texts import TEXTS
from tests.comments.rendering import faults
from tests.kube.bodies import deployment

WEB = ObjectRef("apps", "Deployment", "shop", "web")


def outcome(verb: Verb, *fields: FieldChange, ref: ObjectRef = WEB, **more: Any) -> ObjectChange:
    return ObjectChange(ref, "v1", verb, fields, **more)


def yours(path: str, old: str | None, new: str | None) -> FieldChange:
    return FieldChange(path, old, new, ChangeCause.YOURS)


def shown(*outcomes: ObjectChange, **more: Any) -> Content:
    return plan_content("kustomize", outcomes, offline=False, **more)


def text(change: Change) -> list[str]:
    return [f"{line.marker}{line.text}" for line in change.lines]


def test_each_verb_is_an_action_and_is_counted() -> None:
    found = shown(*(outcome(verb, ref=replace(WEB, name=verb.value)) for verb in Verb))
    assert [(change.address, change.action) for change in found.changes] == [
        ("Deployment shop/create", Action.CREATE),
        ("Deployment shop/change", Action.UPDATE),
        ("Deployment shop/replace", Action.REPLACE),
        ("Deployment shop/delete", Action.DELETE),
        ("Deployment shop/await", Action.AWAIT),
        ("Deployment shop/conflict", Action.CONFLICT),
        ("Deployment shop/untold", Action.UNKNOWN),
    ]
    assert found.counts == Counts(create=1, change=1, replace=1, destroy=1, unknown=1, awaits=1, conflicts=1)


def test_unchanged_objects_are_counted_in_a_note() -> None:
    same = [outcome(Verb.UNCHANGED, ref=replace(WEB, name=f"s{n}")) for n in range(9)]
    adopted = [outcome(Verb.ADOPT, ref=replace(WEB, name=f"a{n}")) for n in range(3)]
    found = shown(*same, *adopted, notes=("and this",))
    assert found.notes == ("12 objects unchanged; 3 are taken into the inventory", "and this")
    assert found.counts.empty
    assert shown(same[0]).notes == ("1 object unchanged",)


def test_a_note_on_an_unchanged_object_is_kept() -> None:
    found = shown(outcome(Verb.UNCHANGED, notes=("replicas are left to the autoscaler",)))
    assert "Deployment shop/web: replicas are left to the autoscaler" in found.notes


def test_fields_are_shown_by_cause_and_the_clusters_in_one_line() -> None:
    by = "kubectl-edit, 2026-03-01 12:00"
    (change,) = shown(
        outcome(
            Verb.CHANGE,
            FieldChange("spec.paused", "true", "false", ChangeCause.DRIFT, by),
            yours("spec.template.spec.containers[web].image", "shop:1", "shop:2"),
            FieldChange("spec.revisionHistoryLimit", None, "10", ChangeCause.CLUSTER),
            yours("spec.replicas", "3", None),
            yours("spec.strategy", None, "type: Recreate"),
            FieldChange("spec.replicas", "5", "3", ChangeCause.OTHERS, "flux, 2026-03-01 12:00"),
            FieldChange("spec.image", "a", "mirror/a", ChangeCause.CLUSTER),
            notes=("the namespace is new",),
        )
    ).changes
    assert text(change) == [
        " note: the namespace is new",
        " your change:",
        "!  spec.template.spec.containers[web].image: shop:1 → shop:2",
        "-  spec.replicas: 3",
        "+  spec.strategy: type: Recreate",
        " existing drift that this overwrites:",
        f"!  spec.paused: true → false  # written by {by}",
        " owned by someone else:",
        "!  spec.replicas: 5 → 3  # conflict: owned by flux, 2026-03-01 12:00",
        " … 2 fields set by the cluster: spec.image (a → mirror/a), spec.revisionHistoryLimit",
    ]


def test_what_is_forced_is_said_and_what_stays_too() -> None:
    taken = FieldChange("spec.a", "1", "2", ChangeCause.OTHERS, "helm")
    kept = FieldChange("spec.b", "1", "1", ChangeCause.OTHERS, "helm")
    (change,) = shown(outcome(Verb.CHANGE, taken, kept, force=True)).changes
    assert text(change)[1:] == ["!  spec.a: 1 → 2  # taken over from helm", "   spec.b: 1  # stays, owned by helm"]


def test_more_fields_of_the_cluster_than_can_be_named_are_counted() -> None:
    fields = [FieldChange(f"f{n}", None, "1", ChangeCause.CLUSTER) for n in range(10)]
    (change,) = shown(outcome(Verb.CHANGE, *fields)).changes
    assert text(change) == [" … 10 fields set by the cluster: f0, f1, f2, f3, f4, f5, f6, f7, and 2 more"]


def test_a_text_of_many_lines_is_shown_as_a_difference_of_lines() -> None:
    old = "".join(f"line {n}\n" for n in range(20))
    new = old.replace("line 9\n", "line nine\nand more\n")
    (change,) = shown(outcome(Verb.CHANGE, yours("data[app.conf]", old, new))).changes
    assert text(change) == [
        " your change:",
        "!  data[app.conf]:",
        "     … 6 lines more",
        *(f"     line {n}" for n in (6, 7, 8)),
        "-    line 9",
        "+    line nine",
        "+    and more",
        *(f"     line {n}" for n in (10, 11, 12)),
        "     … 7 lines more",
    ]


def test_a_line_break_that_comes_or_goes_at_the_end_is_seen() -> None:
    (change,) = shown(outcome(Verb.CHANGE, yours("data.a", "one\ntwo\n", "one\ntwo"))).changes
    assert text(change)[2:] == ["     one", "-    two", "+    two  # no line break at the end"]


def test_a_value_whose_ends_would_not_be_seen_is_quoted() -> None:
    (change,) = shown(outcome(Verb.CHANGE, yours("data.a", "", " x"), yours("data.b", "a\n", None))).changes
    assert text(change)[1] == '!  data.a: "" → " x"'


def test_long_values_stand_below_each_other() -> None:
    (change,) = shown(outcome(Verb.CHANGE, yours("data.a", "o" * 80, "n" * 80))).changes
    assert text(change)[1:] == ["!  data.a:", f"-    {'o' * 80}", f"+    {'n' * 80}"]


def test_a_new_object_is_shown_as_yaml() -> None:
    fields = diff_fields(None, deployment(), None, deployment(replicas=1), "us")
    (change,) = shown(outcome(Verb.CREATE, *fields)).changes
    assert text(change)[:4] == ["+apiVersion: apps/v1", "+kind: Deployment", "+metadata:", "+  name: web"]
    assert "+        image: shop:1" in text(change)
    assert text(change)[-1] == " … 1 field set by the cluster: spec.replicas"


def test_a_replacement_names_the_fields_that_force_it_and_what_is_lost() -> None:
    job = ObjectRef("batch", "Job", "shop", "migrate")
    fields = (yours("metadata.labels.a", "1", "2"), yours("spec.template.spec.containers[m].image", "a", "b"))
    (change,) = shown(outcome(Verb.REPLACE, *fields, ref=job, losses=("2 pods",))).changes
    assert change.forces == ("spec.template.spec.containers[m].image",)
    assert text(change)[0] == "-goes with it: 2 pods"


def test_a_deletion_shows_what_is_lost_and_asks_for_a_name() -> None:
    (change,) = shown(outcome(Verb.DELETE, losses=("40 days old", "3 replicas"), confirm=True)).changes
    assert text(change) == ["-goes with it: 40 days old", "-goes with it: 3 replicas"]
    assert change.reason == "asks for a confirmation by name"


def test_what_cannot_be_told_says_why_and_where() -> None:
    (change,) = shown(outcome(Verb.UNKNOWN, problem="webhook denied\nbecause of x", where="web.yaml:3")).changes
    assert (change.action, change.reason) == (Action.UNKNOWN, "webhook denied (web.yaml:3)")
    assert text(change) == ["!webhook denied", "!because of x"]


def test_a_secrets_keys_are_shown_as_added_removed_changed_and_same() -> None:
    ref = ObjectRef("", "Secret", "shop", "db")
    old, new = "••••111111", "••••222222"
    fields = (
        yours("data.a", old, new),
        yours("data.b", None, new),
        yours("data.c", old, None),
        yours("data.d", old, old),
    )
    (change,) = shown(outcome(Verb.CHANGE, *fields, ref=ref)).changes
    assert text(change)[1:] == [
        f"!  data.a: {old} → {new}  # changed",
        f"+  data.b: {new}  # added",
        f"-  data.c: {old}  # removed",
        f"   data.d: {old}  # same",
    ]


def generated(verb: Verb, name: str, value: str, namespace: str = "shop") -> ObjectChange:
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"k": value, "other": "x"}}
    fields = (
        diff_fields(None, body, None, None, "us") if verb is Verb.CREATE else diff_fields(None, None, body, None, "us")
    )
    return outcome(verb, *fields, ref=ObjectRef("", "ConfigMap", namespace, name))


def test_a_generated_object_under_a_new_name_is_one_change_with_what_it_rolls() -> None:
    user = deployment()
    user["spec"]["template"]["spec"]["volumes"] = [{"name": "c", "configMap": {"name": "conf-2222222222"}}]
    found = shown(
        outcome(Verb.CHANGE, send=user),
        generated(Verb.CREATE, "conf-2222222222", "new"),
        generated(Verb.DELETE, "conf-1111111111", "old"),
        generated(Verb.DELETE, "lone-1111111111", "old"),
    )
    change = found.changes[1]
    assert (change.address, change.action) == ("ConfigMap shop/conf-2222222222", Action.UPDATE)
    assert change.moved_from == "ConfigMap shop/conf-1111111111"
    assert change.reason == "renamed, rolls Deployment shop/web"
    assert {"-  k: old", "+  k: new", "   other: x"} <= set(text(change))
    assert [one.address for one in found.changes[2:]] == ["ConfigMap shop/lone-1111111111"]
    assert found.counts == Counts(change=2, destroy=1)


def test_what_could_be_paired_in_two_ways_or_is_elsewhere_is_left_alone() -> None:
    found = shown(
        generated(Verb.CREATE, "conf-2222222222", "new"),
        generated(Verb.DELETE, "conf-1111111111", "old"),
        generated(Verb.DELETE, "conf-0000000000", "old"),
        generated(Verb.CREATE, "other-2222222222", "new"),
        generated(Verb.DELETE, "other-1111111111", "old", namespace="elsewhere"),
    )
    assert found.counts == Counts(create=2, destroy=3)


def test_a_warning_of_the_server_is_told_once_with_the_objects_it_is_about() -> None:
    warned = [outcome(Verb.UNCHANGED, ref=replace(WEB, name=f"w{n}"), warnings=("v1beta1 is\ngone",)) for n in range(3)]
    (notice,) = shown(*warned).notices
    assert (notice.severity, notice.summary) == (Severity.WARNING, "v1beta1 is gone")
    assert notice.detail == "Deployment shop/w0 and 2 more"


def test_without_a_cluster_it_says_so_and_nothing_is_to_be_applied() -> None:
    found = plan_content("kustomize", [outcome(Verb.CHANGE, yours("a", "1", "2"))], offline=True)
    assert found.notes[0] == OFFLINE_NOTE
    assert found.counts.empty
    assert len(found.changes) == 1


def test_nothing_in_an_objects_text_breaks_the_comment() -> None:
    evil = "```\n</details>\r\x1b[31m\u202e@alice <!-- x -->\x00\n# heading"
    fields = (yours(f"data[{evil}]", evil, evil + "!"), yours(evil, "a", evil), yours("", None, evil))
    found = shown(
        outcome(Verb.CHANGE, *fields, notes=(evil,), warnings=(evil,), losses=(evil,), problem=evil),
        outcome(Verb.UNKNOWN, problem=evil, where=evil, ref=replace(WEB, name="x")),
    )
    lines = [line for change in found.changes for line in change.lines]
    assert all(line.text.isprintable() for line in lines)
    assert any("\\x1b[31m\\u202e" in line.text for line in lines)
    assert list(faults(plan_comment(plan(project("shop", found))), PAGE)) == []


@settings(max_examples=60, deadline=None)
@given(st.lists(TEXTS, min_size=6, max_size=6), st.sampled_from(list(Verb)), st.sampled_from(list(ChangeCause)))
def test_whatever_an_object_holds_each_line_is_one_and_its_signs_are_seen(
    texts: list[str], verb: Verb, cause: ChangeCause
) -> None:
    path, old, new, by, note, problem = texts
    fields = (FieldChange(f"data[{path}]", old, new, cause, by), FieldChange("", None, new, ChangeCause.YOURS))
    found = shown(outcome(verb, *fields, notes=(note,), warnings=(note,), losses=(by,), problem=problem))
    lines = [line.text for change in found.changes for line in change.lines]
    assert all(line.replace("\t", "").isprintable() for line in lines)
    assert list(faults(plan_comment(plan(project("shop", found))), PAGE)) == []


def test_five_hundred_changed_objects_are_counted_and_renamed_ones_once() -> None:
    conf = "".join(f"key{n} = {n}\n" for n in range(300))
    fields = (yours("data[a.conf]", conf, conf.replace("= 7", "= 8")), yours("spec.replicas", "1", "2"))
    many = [outcome(Verb.CHANGE, *fields, ref=replace(WEB, name=f"w{n}"), send=deployment()) for n in range(500)]
    many += [generated(Verb.CREATE, "conf-2222222222", "new"), generated(Verb.DELETE, "conf-1111111111", "old")]
    many += [outcome(Verb.UNCHANGED, ref=replace(WEB, name=f"s{n}"), send=deployment()) for n in range(1500)]
    assert shown(*many).counts.change == 501


def test_texts_too_long_to_compare_are_shown_one_after_the_other() -> None:
    old, new = ("\n".join(f"a{n * step % 20}" for n in range(5000)) + sign for step, sign in ((1, "x"), (3, "y")))
    (change,) = shown(outcome(Verb.CHANGE, yours("data.big", old, new))).changes
    assert [line.marker for line in change.lines[3:]] == ["-"] * 4999 + ["+"] * 4999
