"""A chart as a page of Markdown: its picture, every state and group with its rows, and every name that it uses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from session_fsm.chart import (
    Chart,
    Decisions,
    Duration,
    Effects,
    Event,
    Group,
    Role,
    Row,
    State,
    Timer,
    is_application_event,
)
from session_fsm.render.arrows import told
from session_fsm.render.markdown import code, grid, sentence, words
from session_fsm.render.table import marks
from session_fsm.session.routing import routes_of

NOTICE = "<!-- Written by `make charts` from the chart; change the chart and run it again. -->"
KEY = """An arrow is labelled `event [guard] / what it sends`; `[else]` is taken when no row above it was. An arrow that
leaves a grey box leaves every state in it; a dashed sign stands for any state, or any state of its box. Rows that stay
in their state are in the tables below."""
INTRODUCTION = (
    "All state of a call lives in these charts, the files in `statecharts/`. What runs is compiled from them, and",
    "these pages are written from them.",
    "",
)
SIDES: tuple[tuple[Role, str], ...] = (("uac", "As caller (UAC)"), ("uas", "As callee (UAS)"))
VERDICTS = {"ignored": "Ignored", "postponed": "Postponed", "refused": "Refused", "impossible": "Impossible"}


def page(chart: Chart, charts: Iterable[Chart] = ()) -> str:
    """The page of one chart. The other charts of its set say who hears what it emits."""
    parts = (_head(chart), _pictures(chart), _states(chart), _groups(chart), _names(chart, list(charts) or [chart]))
    lines = [line for part in parts for line in part]
    return "\n".join(lines).rstrip() + "\n"


def _head(chart: Chart) -> Iterator[str]:
    yield from (NOTICE, "", f"# {chart.id}", "")
    if chart.doc:
        yield from (words(chart.doc), "")
    facts = [f"Source: {sentence(words(chart.source))}"] if chart.source else []
    facts.append(f"Version {chart.version}.")
    if chart.role != "both":
        facts.append(f"Role: {chart.role}.")
    facts.append(f"It begins in `{chart.initial}`" + (f" and ends in {code(*chart.final)}." if chart.final else "."))
    yield from (" ".join(facts), "")


def _pictures(chart: Chart) -> Iterator[str]:
    yield from ("## Picture", "")
    titles = dict(SIDES)
    for side in pictured(chart):
        yield from (f"### {titles[side.role]}", "") if chart.sided else ()
        yield from _picture(side)
    yield from (KEY, "")


def pictured(chart: Chart) -> list[Chart]:
    """The charts whose pictures a page shows: both sides, where there are sides."""
    return [chart.for_role(role) for role, _ in SIDES] if chart.sided else [chart]


def picture_name(chart: Chart) -> str:
    """The name of a chart's picture, without its theme."""
    return f"{chart.id}-{chart.role}" if chart.whole else chart.id


def _picture(chart: Chart) -> list[str]:
    """The picture in the theme of whoever looks."""
    name = f"../pictures/{picture_name(chart)}"
    dark = f'<source media="(prefers-color-scheme: dark)" srcset="{name}-dark.svg">'
    return ["<picture>", f"  {dark}", f'  <img alt="The chart {chart.id}" src="{name}-light.svg">', "</picture>", ""]


def _states(chart: Chart) -> Iterator[str]:
    yield from ("## States", "")
    for state in chart.states.values():
        yield from (f"### {state.name}{marks(chart, state)}", "")
        yield from _about(chart, state)
        yield from _decided(chart, state.decisions)
        shared = [group.name for group in chart.groups.values() if state.name in group.states]
        if shared:
            links = ", ".join(f"[{name}](#{_anchor(name)})" for name in shared)
            yield from (f"Shared with other states: {links}.", "")


def _about(chart: Chart, state: State) -> Iterator[str]:
    if state.doc or state.source:
        source = f"({words(state.source)})" if state.source else ""
        yield from (" ".join(filter(None, (words(state.doc), source))), "")
    facts = [f"On entering: {told_in_code(state.enter)}."] if state.enter.listed() else []
    facts += [f"On leaving: {told_in_code(state.exit)}."] if state.exit.listed() else []
    facts += [f"Timers while it lasts: {code(*state.timers)}."] if state.timers else []
    if facts:
        yield from (" ".join(facts), "")


def told_in_code(effects: Effects) -> str:
    """Every effect of one place, each as code."""
    return ", ".join(f"`{part}`" for part in told(effects).split(", "))


def _groups(chart: Chart) -> Iterator[str]:
    if chart.groups:
        yield from ("## Shared by several states", "", "A state's own decision about an event comes before these.", "")
    for group in chart.groups.values():
        yield from (f"### Group {group.name}", "", _members(group), "")
        yield from _decided(chart, group.decisions)


def _members(group: Group) -> str:
    where = "Every state" if group.everywhere else code(*group.states)
    return " ".join(filter(None, (f"{where}.", words(sentence(group.doc)), words(sentence(group.source)))))


def _anchor(name: str) -> str:
    return f"group-{name.lower()}"


def _decided(chart: Chart, decisions: Decisions) -> Iterator[str]:
    yield from grid(
        ("event", "guard", "to", "sends", "emits", "does", "why"), (_row(chart, row) for row in decisions.rows)
    )
    for verdict, title in VERDICTS.items():
        reasons = [
            f"- `{event}`{_side(ruling.role)}: {words(ruling.reason)}"
            for event, rulings in decisions.verdicts.items()
            for ruling in rulings
            if ruling.verdict == verdict
        ]
        if reasons:
            yield from (f"{title}:", "", *reasons, "")


def _row(chart: Chart, row: Row) -> Sequence[str]:
    role = row.role if row.role != "both" else chart.events[row.event].role
    does = Effects(cancel=row.effects.cancel, do=row.effects.do, start=row.effects.start)
    return (
        f"`{row.event}`{_side(role) if chart.sided else ''}",
        " and ".join(f"`{condition}`" for condition in row.when),
        f"**{row.to}**" if row.to else "*stays*",
        code(*row.effects.send),
        code(*row.effects.emit),
        told_in_code(does) if does.listed() else "",
        words(row.why),
    )


def _side(role: Role) -> str:
    return "" if role == "both" else f" ({role})"


def _names(chart: Chart, charts: list[Chart]) -> Iterator[str]:
    """A table for each kind of name that the chart declares."""
    meanings = (("Messages it sends", chart.sends), ("What it does", chart.effects))
    timers = map(_timer, chart.timers.values(), [chart] * len(chart.timers))
    yield from _section("Events", grid(("event", "comes from", "role", "about it"), _events(chart, charts)))
    yield from _section("Timers", grid(("timer", "runs", "by default", "raises", "about it"), timers))
    yield from _section("Guards", grid(("guard", "true when", "never together with", "implies"), _guards(chart)))
    for title, named in meanings:
        rows = ((f"`{name}`", words(doc)) for name, doc in named.items())
        yield from _section(title, grid(("name", "meaning"), rows))
    yield from _section("What it emits", grid(("name", "meaning", "heard by"), _emits(chart, charts)))
    yield from _section("Properties", grid(("name", "claim", "states", "about it"), _properties(chart)))


def _events(chart: Chart, charts: list[Chart]) -> Iterator[Sequence[str]]:
    known = {other.id for other in charts}
    for event in chart.events.values():
        role = "" if event.role == "both" else event.role
        yield f"`{event.name}`", _origin(event, known), role, words(event.doc)


def _guards(chart: Chart) -> Iterator[Sequence[str]]:
    for guard in chart.guards.values():
        yield f"`{guard.name}`", words(guard.doc), code(*guard.excludes), code(*guard.implies)


def _emits(chart: Chart, charts: list[Chart]) -> Iterator[Sequence[str]]:
    routes = routes_of(charts)
    for name, doc in chart.emits.items():
        heard = [route.chart for route in routes.get((chart.id, name), ())]
        yield f"`{name}`", words(doc), _hearers(name, heard)


def _properties(chart: Chart) -> Iterator[Sequence[str]]:
    for claim in chart.properties.values():
        yield f"`{claim.name}`", claim.kind.replace("_", " "), code(*claim.states), words(claim.doc)


def _section(title: str, lines: list[str]) -> Iterator[str]:
    if lines:
        yield from (f"## {title}", "", *lines)


def _origin(event: Event, known: set[str]) -> str:
    if event.kind == "machine":
        names = ", ".join(_reference(origin, known) for origin in event.origin)
        return f"{names}{f' of {event.of}' if event.of else ''}"
    if event.kind == "timer":
        return f"timer {code(*event.origin)}"
    if event.kind == "command":
        return f"the command {code(*event.origin)}"
    return f"{event.kind}: {words(', '.join(event.origin))}"


def _reference(origin: str, known: set[str]) -> str:
    chart = origin.partition(".")[0]
    return f"[`{origin}`]({chart}.md)" if chart in known else f"`{origin}`"


def _hearers(name: str, charts: Sequence[str]) -> str:
    if is_application_event(name):
        return "the application"
    return ", ".join(f"[{chart}]({chart}.md)" for chart in dict.fromkeys(charts))


def _timer(timer: Timer, chart: Chart) -> Sequence[str]:
    about = [
        words(timer.doc),
        f"({words(timer.source)})" if timer.source else "",
        "Gives up." if timer.gives_up else "",
    ]
    grows = f", then {timer.grow:g} times as long" if timer.grow != 1 else ""
    cap = f" up to {_duration(timer.cap, chart)}" if timer.cap else ""
    return (
        f"`{timer.name}`",
        f"`{timer.after}`{grows}{cap}",
        f"{timer.after.seconds(chart.parameters):g} s",
        f"`{timer.event}`",
        " ".join(filter(None, about)),
    )


def _duration(duration: Duration, chart: Chart) -> str:
    return f"`{duration}` ({duration.seconds(chart.parameters):g} s)"


def index(charts: Iterable[Chart]) -> str:
    """The page that leads to all the others."""
    lines = [NOTICE, "", "# The charts", "", *INTRODUCTION]
    rows = ((f"[{chart.id}]({chart.id}.md)", words(chart.doc), words(chart.source)) for chart in charts)
    return "\n".join([*lines, *grid(("chart", "what it is", "source"), rows)]).rstrip() + "\n"
