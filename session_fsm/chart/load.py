"""TOML in, a checked Chart out, or every fault of the file at once.

A chart is found by name among the shipped ones (inside the wheel, else beside the package), or by its path. What a
name must be and which keys a table may have is decided here; what the chart then means is `chart.check`'s business.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import cast

from session_fsm.chart.check import check
from session_fsm.chart.model import (
    SOURCES,
    VERDICTS,
    Chart,
    Decisions,
    Duration,
    Effects,
    Event,
    Group,
    Guard,
    Property,
    Role,
    Row,
    Ruling,
    State,
    Timer,
    Verdict,
)
from session_fsm.chart.reading import EMIT_NAME, SENT_NAME, Faults, Table, suggestion
from session_fsm.errors import ChartError, ChartFault

ROLES = ("uac", "uas", "both")
PROPERTY_KINDS = ("always", "never", "sometimes", "reachable_from_everywhere")

# Inside the wheel the charts are part of the package; in a work tree they stand beside it.
FOLDERS = (Path(__file__).parents[1] / "statecharts", Path(__file__).parents[2] / "statecharts")


def shipped() -> dict[str, Path]:
    """The charts that come with the package: id -> file."""
    for folder in FOLDERS:
        files = sorted(folder.rglob("*.toml")) if folder.is_dir() else []
        if files:
            return {file.stem: file for file in files}
    return {}


def find(name_or_path: str | Path) -> Path:
    """The file of a shipped chart, by name, or of any chart, by path."""
    path = Path(name_or_path)
    if isinstance(name_or_path, Path) or path.suffix or len(path.parts) != 1:
        return path
    charts = shipped()
    if name_or_path in charts:
        return charts[name_or_path]
    message = f"no chart has this name; {suggestion(name_or_path, charts)}"
    raise ChartError([ChartFault(name_or_path, "no-such-chart", message)])


def load(name_or_path: str | Path) -> Chart:
    """Read and check one chart. Raises ChartError with every fault."""
    chart, faults = read_file(name_or_path)
    return _sound(chart, faults)


def parse(text: str, file: str = "<text>") -> Chart:
    """Read and check the text of a chart. Raises ChartError with every fault."""
    chart, faults = read_text(text, file)
    return _sound(chart, faults)


def check_files(paths: Iterable[str | Path]) -> list[ChartFault]:
    """Every fault of every file, each file by itself; what cannot be read is a fault too."""
    return [fault for path in paths for fault in read_file(path)[1]]


def read_file(name_or_path: str | Path) -> tuple[Chart | None, list[ChartFault]]:
    """One chart file and its faults. The chart is None when the file is too broken to say what it means."""
    try:
        path = find(name_or_path)
    except ChartError as error:
        return None, list(error.faults)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        return None, [ChartFault(str(path), "unreadable", f"cannot read the file: {reason}")]
    return read_text(text, _shown(path))


def read_text(text: str, file: str = "<text>") -> tuple[Chart | None, list[ChartFault]]:
    """One chart's text and its faults. The chart is None when it is too broken to say what it means."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return None, [ChartFault(file, "toml", f"this is not TOML: {error}")]
    faults = Faults(file)
    chart = _chart(Table(faults, data, "the chart"), file)
    return chart, [*faults.found, *check(chart, understood=not faults.found)]


def _sound(chart: Chart | None, faults: Sequence[ChartFault]) -> Chart:
    if chart is None or faults:
        raise ChartError(faults)
    return chart


def _shown(path: Path) -> str:
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def _chart(top: Table, file: str) -> Chart:
    identity = top.name("id", required=True) or Path(file).stem
    parameters = top.table("parameters")
    seconds = {name: parameters.number(name, 0.0) for name in parameters.data}
    timers = {name: _timer(table, name, seconds) for name, table in top.tables("timers").items()}
    events = {name: _event(table, name) for name, table in top.tables("events").items()}
    states = {name: _state(table, name) for name, table in top.tables("states").items()}
    groups = {name: _group(table, name, tuple(states)) for name, table in top.tables("groups").items()}
    version = top.take("version", int)
    chart = Chart(
        id=identity,
        version=version if isinstance(version, int) else 1,
        role=cast(Role, top.one_of("role", ROLES, "both")),
        source=top.text("source"),
        doc=top.text("doc"),
        initial=top.name("initial", required=True) or "",
        final=top.names("final"),
        parameters=seconds,
        timers=timers,
        events=events | _timer_events(top, timers, events),
        guards=_guards(top.table("guards")),
        effects=top.documented("effects"),
        sends=top.documented("sends", SENT_NAME),
        emits=top.documented("emits", EMIT_NAME),
        properties={name: _property(table, name) for name, table in top.tables("properties").items()},
        states=states,
        groups=groups,
        file=file,
    )
    top.finish()
    _unique_ids(top, chart)
    return chart


def _timer(table: Table, name: str, parameters: dict[str, float]) -> Timer:
    after = table.duration("after", parameters)
    if "after" not in table.data:
        table.complain("missing-key", f"{table.where} has no `after`")
    timer = Timer(
        name=name,
        after=after or Duration(0.0),
        event=table.name("event") or f"timer_{name}",
        grow=table.number("grow", 1.0),
        cap=table.duration("cap", parameters),
        gives_up=table.take("gives_up", bool) is True,
        source=table.text("source"),
        doc=table.text("doc"),
    )
    if timer.grow < 1:
        table.complain("wrong-value", f"{table.where}: `grow` is {timer.grow:g}; a timer grows by 1 or more")
    table.finish()
    return timer


def _timer_events(top: Table, timers: dict[str, Timer], events: dict[str, Event]) -> dict[str, Event]:
    """The events that timers raise; several timers may raise the same one."""
    raised: dict[str, Event] = {}
    for timer in timers.values():
        if timer.event in events:
            message = f"[events] declares {timer.event}, which timer {timer.name} raises; an event has one source"
            top.complain("event-source", message)
        others = raised[timer.event].origin if timer.event in raised else ()
        raised[timer.event] = Event(name=timer.event, kind="timer", origin=(*others, timer.name), doc=timer.doc)
    return raised


def _event(table: Table, name: str) -> Event:
    kinds = [kind for kind in SOURCES if kind in table.data]
    if len(kinds) != 1:
        found = f"{len(kinds)} of them: {', '.join(kinds)}" if kinds else "none"
        table.complain("event-source", f"{table.where} needs one source out of {', '.join(SOURCES)}; it has {found}")
    kind = kinds[0] if kinds else "world"
    event = Event(
        name=name,
        kind=kind,
        origin=_origins(table, kind) if kinds else (),
        doc=table.text("doc"),
        role=cast(Role, table.one_of("role", ROLES, "both")),
        of=table.text("of"),
    )
    table.taken.extend(SOURCES)
    table.finish()
    return event


def _origins(table: Table, kind: str) -> tuple[str, ...]:
    listed = kind == "machine" and isinstance(table.data[kind], list)
    origins = table.names(kind) if listed else (table.text(kind),)
    for origin in origins:
        if kind == "machine" and len(origin.split(".")) != 2:
            table.complain("bad-name", f'{table.where}: `machine` is {origin!r}; write "chart.emit", or a list of them')
    return origins


def _guards(table: Table) -> dict[str, Guard]:
    guards = {}
    for name in table.data:
        if not table.is_name(name, "a key"):
            continue
        if isinstance(table.data[name], str):
            guards[name] = Guard(name=name, doc=table.text(name))
            continue
        inner = table.table(name)
        guards[name] = Guard(
            name=name, doc=inner.text("doc"), excludes=inner.names("excludes"), implies=inner.names("implies")
        )
        inner.finish()
    return guards


def _property(table: Table, name: str) -> Property:
    kinds = [kind for kind in PROPERTY_KINDS if kind in table.data]
    if len(kinds) != 1:
        table.complain("missing-key", f"{table.where} needs one of {', '.join(PROPERTY_KINDS)}")
    states = table.names(kinds[0]) if kinds else ()
    claim = Property(name=name, kind=kinds[0] if kinds else "always", states=states, doc=table.text("doc"))
    table.taken.extend(PROPERTY_KINDS)
    table.finish()
    return claim


def _state(table: Table, name: str) -> State:
    table.place = name
    state = State(
        name=name,
        source=table.text("source"),
        doc=table.text("doc"),
        role=cast(Role, table.one_of("role", ROLES, "both")),
        timers=table.names("timers"),
        enter=_place(table.table("enter")),
        exit=_place(table.table("exit")),
        decisions=_decisions(table, name),
    )
    table.finish()
    return state


def _group(table: Table, name: str, every_state: tuple[str, ...]) -> Group:
    table.place = name
    listed = table.names("states", required=True)
    everywhere = listed == ("*",)
    if "*" in listed and not everywhere:
        table.complain("wrong-value", f'{table.where}: "*" stands for every state and stands alone')
    group = Group(
        name=name,
        states=every_state if everywhere else listed,
        everywhere=everywhere,
        decisions=_decisions(table, name),
        source=table.text("source"),
        doc=table.text("doc"),
    )
    table.finish()
    return group


def _place(table: Table) -> Effects:
    effects = _effects(table)
    table.finish()
    return effects


def _effects(table: Table) -> Effects:
    return Effects(
        cancel=table.names("cancel"),
        do=table.names("do"),
        send=table.names("send"),
        emit=table.names("emit"),
        start=table.names("start"),
    )


def _decisions(table: Table, place: str) -> Decisions:
    rows = table.take("rows", list) or []
    counts: dict[str, int] = {}
    found = [_row(table, data, place, n, counts) for n, data in enumerate(cast(list[object], rows), 1)]
    verdicts: dict[str, tuple[Ruling, ...]] = {}
    for verdict in VERDICTS:
        told = table.table(verdict)
        for event in told.data:
            ruling = _ruling(told, event, verdict)
            others = verdicts.get(event, ())
            for other in others:
                if other.role == ruling.role or "both" in (other.role, ruling.role):
                    table.complain("two-decisions", f"{event} is both {other.verdict} and {verdict}")
            verdicts[event] = (*others, ruling)
    return Decisions(rows=tuple(row for row in found if row.event), verdicts=verdicts)


def _ruling(told: Table, event: str, verdict: Verdict) -> Ruling:
    """A reason in words, or { reason = "...", role = "uac" }."""
    reason, role = told.data[event], "both"
    if isinstance(reason, dict):
        inner = told.table(event)
        reason, role = inner.text("reason"), inner.one_of("role", ROLES, "both")
        inner.finish()
    if not isinstance(reason, str) or not reason.strip():
        told.complain("missing-reason", f"{verdict}.{event} needs a reason in words, found {told.data[event]!r}")
    return Ruling(verdict, str(reason), cast(Role, role))


def _row(outer: Table, data: object, place: str, n: int, counts: dict[str, int]) -> Row:
    table = Table(outer.faults, data, f"row {n} of {place}", place, f"row {n}")
    event = table.text("event", required=True)
    counts[event] = counts.get(event, 0) + 1
    default = f"{place}.{event}" if counts[event] == 1 else f"{place}.{event}.{counts[event]}"
    identity = table.row = table.text("id") or default
    row = Row(
        id=identity,
        event=event,
        when=table.conditions("guard"),
        to=table.name("to"),
        effects=_effects(table),
        why=table.text("why"),
        role=cast(Role, table.one_of("role", ROLES, "both")),
    )
    table.finish()
    return row


def _unique_ids(top: Table, chart: Chart) -> None:
    seen: dict[str, str] = {}
    for place, decisions in chart.all_decisions():
        for row in decisions.rows:
            if row.id in seen:
                message = f"the id {row.id} is taken by a row of {seen[row.id]}; ids are unique in a chart"
                top.faults.add("twice", message, place.name, row.id)
            seen.setdefault(row.id, place.name)
