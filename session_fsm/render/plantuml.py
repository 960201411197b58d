"""A chart as a PlantUML state diagram.

Syntax: plantuml.com/state-diagram.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from session_fsm.chart import Chart
from session_fsm.render.arrows import Arrow, Box, Drawing, drawing

SAFE = re.compile(r"\W")
LOOK = ("hide empty description", "skinparam shadowing false", "skinparam defaultFontName Helvetica")


def plantuml(chart: Chart) -> str:
    """A chart as the text of a PlantUML diagram."""
    shown = drawing(chart)
    title = f"title {text(chart.id)}"
    return "\n".join(["@startuml", *LOOK, title, *_body(shown), "@enduml"]) + "\n"


def _body(shown: Drawing) -> Iterator[str]:
    for box in shown.boxes:
        yield from _box(box, shown)
    for name in shown.states:
        yield f"state {quoted(name)} as {safe(name)}"
    if shown.anywhere:
        yield 'state "any state" as any_state #line.dashed'
    yield f"[*] --> {safe(shown.chart.initial)}"
    for arrow in shown.arrows:
        lines = "\\n".join(text(line) for line in arrow.labels)
        yield f"{_start(arrow)} --> {safe(arrow.target)} : {lines}"
    yield from (f"{safe(name)} --> [*]" for name in shown.chart.final)


def _box(box: Box, shown: Drawing) -> Iterator[str]:
    yield f"state {quoted(box.name)} as group_{safe(box.name)} {{"
    for inner in box.boxes:
        yield from (f"  {line}" for line in _box(inner, shown))
    yield from (f"  state {quoted(name)} as {safe(name)}" for name in box.states)
    if box.name in shown.signs:
        yield f'  state "any of these" as any_{safe(box.name)} #line.dashed'
    yield "}"


def _start(arrow: Arrow) -> str:
    names = {"anywhere": "any_state", "box": f"group_{safe(arrow.source)}", "member": f"any_{safe(arrow.source)}"}
    return names.get(arrow.start, safe(arrow.source))


def safe(name: str) -> str:
    """An id, which no word of PlantUML's own equals."""
    return f"s_{SAFE.sub('_', name)}"


def quoted(name: str) -> str:
    """A name as PlantUML shows it."""
    return f'"{text(name)}"'


def text(line: str) -> str:
    """A label: what would end it or be read as a command is left out."""
    return line.replace("\\", "/").replace('"', "'").replace("\n", " ")
