"""A chart, or several, as a PlantUML state diagram.

Syntax: plantuml.com/state-diagram.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from session_fsm.chart import Chart
from session_fsm.render.arrows import Arrow, Box, Drawing, drawing
from session_fsm.render.several import parts, title_of

SAFE = re.compile(r"\W")
INDENT = "  "
LOOK = ("hide empty description", "skinparam shadowing false", "skinparam defaultFontName Helvetica")


def plantuml(*charts: Chart) -> str:
    """A chart as the text of a PlantUML diagram; of several each is a state that holds its own."""
    title = f"title {text(', '.join(map(title_of, charts)))}"
    body = [line for word, chart in parts(charts) for line in _part(word, chart)]
    return "\n".join(["@startuml", *LOOK, title, *body, "@enduml"]) + "\n"


def _part(word: str, chart: Chart) -> Iterator[str]:
    lines = _Words(word).body(drawing(chart))
    if not word:
        yield from lines
        return
    yield f"state {quoted(title_of(chart))} as chart_{safe(word)} {{"
    yield from (INDENT + line for line in lines)
    yield "}"


class _Words:
    """One chart's lines. Its ids begin with a word of its own, where there are several."""

    def __init__(self, word: str) -> None:
        self.before = f"{word}_" if word else ""

    def id(self, name: str, kind: str = "") -> str:
        return f"{kind}{safe(self.before + name)}"

    def body(self, shown: Drawing) -> Iterator[str]:
        for box in shown.boxes:
            yield from self.box(box, shown)
        for name in shown.states:
            yield f"state {quoted(name)} as {self.id(name)}"
        if shown.anywhere:
            yield f'state "any state" as {self.id("any_state", "any_")} #line.dashed'
        yield f"[*] --> {self.id(shown.chart.initial)}"
        for arrow in shown.arrows:
            lines = "\\n".join(text(line) for line in arrow.labels)
            yield f"{self.start(arrow)} --> {self.id(arrow.target)} : {lines}"
        yield from (f"{self.id(name)} --> [*]" for name in shown.chart.final)

    def box(self, box: Box, shown: Drawing) -> Iterator[str]:
        yield f"state {quoted(box.name)} as {self.id(box.name, 'group_')} {{"
        for inner in box.boxes:
            yield from (INDENT + line for line in self.box(inner, shown))
        yield from (f"{INDENT}state {quoted(name)} as {self.id(name)}" for name in box.states)
        if box.name in shown.signs:
            yield f'{INDENT}state "any of these" as {self.id(box.name, "any_")} #line.dashed'
        yield "}"

    def start(self, arrow: Arrow) -> str:
        if arrow.start == "anywhere":
            return self.id("any_state", "any_")
        return self.id(arrow.source, {"box": "group_", "member": "any_"}.get(arrow.start, ""))


def safe(name: str) -> str:
    """An id, which no word of PlantUML's own equals."""
    return f"s_{SAFE.sub('_', name)}"


def quoted(name: str) -> str:
    """A name as PlantUML shows it."""
    return f'"{text(name)}"'


def text(line: str) -> str:
    """A label: what would end it or be read as a command is left out."""
    return line.replace("\\", "/").replace('"', "'").replace("\n", " ")
