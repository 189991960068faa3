"""Whatever a pull request calls its things: nothing links, nobody is called, nothing breaks out, the table stands."""

from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot import templates
from bot.core.gate_case import Demand
from bot.core.plan import Action, Change, Content, Line, Notice, Severity
from bot.core.run import RunKind, State
from bot.core.trigger import Trigger
from bot.core.view import ProjectView, RemovedProject, RunView
from bot.templates import escape
from tests.comments.building import NOON, PAGE, apply, content, plan, project
from tests.comments.hostile_texts import TEXTS
from tests.comments.rendering import PARSER, faults, shown

ACTIONS = st.sampled_from(list(Action))
LINES = st.builds(Line, st.sampled_from(["+", "-", "!", " ", "```"]), TEXTS)
CHANGES = st.builds(
    Change,
    address=TEXTS,
    action=ACTIONS,
    lines=st.lists(LINES, max_size=3).map(tuple),
    reason=TEXTS,
    forces=st.lists(TEXTS, max_size=2).map(tuple),
    moved_from=st.none() | TEXTS,
    import_id=st.none() | TEXTS,
    deposed=st.none() | TEXTS,
    words=st.lists(TEXTS, max_size=2).map(tuple),
)
NOTICES = st.builds(Notice, st.sampled_from(list(Severity)), TEXTS, TEXTS, TEXTS)
CONTENTS = st.builds(
    lambda changes, **more: content(*changes, **more),
    st.lists(CHANGES, max_size=3),
    outputs=st.lists(CHANGES, max_size=1).map(tuple),
    drift=st.lists(CHANGES, max_size=1).map(tuple),
    notices=st.lists(NOTICES, max_size=2).map(tuple),
    notes=st.lists(TEXTS, max_size=2).map(tuple),
    complete=st.booleans(),
)


@st.composite
def projects(draw: st.DrawFn) -> ProjectView:
    its: Content | None = draw(st.none() | CONTENTS)
    more: dict[str, object] = {"note": draw(TEXTS), "output": draw(TEXTS)}
    if draw(st.booleans()):
        more |= {"applied_by": draw(TEXTS), "applied_at": NOON}
    place = {"dir": draw(TEXTS), "workspace": draw(TEXTS), "stale_because": draw(TEXTS)}
    return project(draw(TEXTS), its, draw(st.sampled_from(list(State))), **more, **place)


@st.composite
def views(draw: st.DrawFn, kind: RunKind) -> RunView:
    rows = draw(st.lists(projects(), max_size=3))
    return (plan if kind is RunKind.PLAN else apply)(
        *rows,
        state=draw(st.sampled_from(list(State))),
        note=draw(TEXTS),
        asked_by=draw(TEXTS),
        trigger=Trigger.comment("1"),
        base_branch=draw(TEXTS),
        demands=tuple(draw(st.lists(st.builds(Demand, st.none() | TEXTS, st.booleans(), TEXTS, TEXTS), max_size=3))),
        next=tuple(draw(st.lists(st.tuples(TEXTS, TEXTS), max_size=2))),
        notices=tuple(draw(st.lists(TEXTS, max_size=2))),
        removed=tuple(
            draw(st.lists(st.builds(RemovedProject, TEXTS, st.lists(TEXTS, max_size=3).map(tuple), TEXTS), max_size=2))
        ),
    )


@settings(max_examples=120, deadline=None)
@given(views(RunKind.PLAN))
def test_a_plan_comment_gives_hostile_words_no_power(view: RunView) -> None:
    assert list(faults(templates.plan_comment(view), PAGE)) == []


@settings(max_examples=80, deadline=None)
@given(views(RunKind.APPLY))
def test_an_apply_comment_gives_hostile_words_no_power(view: RunView) -> None:
    assert list(faults(templates.apply_comment(view), PAGE)) == []


@settings(max_examples=100, deadline=None)
@given(views(RunKind.PLAN), views(RunKind.APPLY))
def test_a_status_is_one_short_line_of_seen_characters(planned: RunView, applied: RunView) -> None:
    for _, words in (templates.plan_status(planned), templates.apply_status(applied)):
        assert 0 < len(words) <= 140
        assert words.isprintable()


@settings(max_examples=300, deadline=None)
@given(TEXTS)
@example("`a` and `` b")
@example("1. one")
@example("- one")
@example("+ one")
@example("===")
@example("---")
@example(" ")
def test_escaped_words_read_as_they_were_written(words: str) -> None:
    """In running text, between others, at the start of a list's line and in a table's cell."""
    expected = " ".join(escape.visible(" ".join(words.split())).split()) or "(empty)"
    made = escape.text(words)
    for markdown in (f"⟦ {made} ⟧", f"- {made} ⟧", f"| ⟦ |\n|--|\n| {made} ⟧ |"):
        read = "".join(shown(markdown).text).replace("\u200b", "")
        assert " ".join(read.rpartition("⟧")[0].rpartition("⟦")[2].split()) == expected


@settings(max_examples=300, deadline=None)
@given(TEXTS)
def test_code_reads_letter_by_letter(words: str) -> None:
    expected = escape.visible(words) or "(empty)"
    for made in (escape.code(words), escape.tag(words)):
        html = PARSER.renderInline(f"x {made} y")
        assert html.count("<code>") == 1
        assert list(faults(f"| a |\n|--|\n| {made} |", PAGE)) == []
        inside = shown(f"x {made} y")
        assert "".join(inside.text).strip() == "x  y", expected


@settings(max_examples=200, deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=5))
@example(["```"])
@example(["```", "`````", "```"])
@example(["~~~~"])
def test_nothing_ends_a_fence_but_the_fence(lines: list[str]) -> None:
    made = escape.code_block([escape.fence_line(line) for line in lines], "diff")
    tokens = PARSER.parse(f"before\n\n{made}\n\nafter")
    assert [token.type for token in tokens if token.level == 0 and token.nesting >= 0] == [
        "paragraph_open",
        "fence",
        "paragraph_open",
    ]
    assert tokens[3].content.count("\n") == len(lines)
