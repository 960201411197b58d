"""A chart, or several, as a Mermaid state diagram, in the words that GitHub draws.

Syntax: mermaid.js.org/syntax/stateDiagram. Ids are made safe and labels are written with entity codes, so that no name
of a chart can break the drawing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from textwrap import wrap

from session_fsm.chart import Chart
from session_fsm.render.arrows import Arrow, Drawing, drawing, main_path
from session_fsm.render.several import parts, title_of

INDENT = "    "

# Words that the grammar of state diagrams reads as its own, in any case.
RESERVED = frozenset(
    """accdescr acctitle as choice class classdef click concurrency default direction end fork hide href join note root
    scale state statediagram style""".split()  # noqa: SIM905  # a list of words
)

ANYWHERE = "any_state"
WIDTH = 26  # characters; Mermaid breaks labels at 200 pixels, and then draws over them
PLAIN = re.compile(r"[A-Za-z0-9_ .,()\[\]/*+=?!'|-]")


def mermaid(*charts: Chart, internal: bool = False) -> str:
    """A chart as the text of a Mermaid state diagram; `internal` adds what happens without leaving a state.

    Of several each is a state that holds its own.
    """
    lines = [line for word, chart in parts(charts) for line in _part(word, chart, internal)]
    return "\n".join(["stateDiagram-v2", *(INDENT + line for line in lines)]) + "\n"


def _part(word: str, chart: Chart, internal: bool) -> Iterator[str]:
    shown = drawing(chart, internal=internal, boxes=False)
    names = Names(word)
    if not word:
        yield from _lines(shown, names)
    else:
        yield f'state "{text(title_of(chart))}" as {safe(word)} {{'
        yield from (INDENT + line for line in _lines(shown, names))
        yield "}"
    yield from _styles(shown, names)


class Names:
    """The ids of one chart's states, which several charts must not share."""

    def __init__(self, word: str) -> None:
        self._before = f"{word}_" if word else ""

    def of(self, name: str) -> str:
        """The id of a state."""
        return safe(self._before + name) if self._before else safe(name)

    def sign(self, group: str = "") -> str:
        """The id of the sign that stands for any state, or for any of a group."""
        return self._before + (f"{ANYWHERE}_{group}" if group else ANYWHERE)


def media_ladder(chart: Chart) -> str:
    """Only the main path of a chart, for the media chart its ladder, as the text of a Mermaid state diagram."""
    lines = ["stateDiagram-v2", f"{INDENT}[*] --> {safe(chart.initial)}"]
    lines += [f"{INDENT}{safe(source)} --> {safe(str(row.to))} : {text(row.event)}" for source, row in main_path(chart)]
    return "\n".join(lines) + "\n"


def _lines(shown: Drawing, names: Names) -> Iterator[str]:
    for name in shown.states:
        yield from _state(name, shown, names)
    yield f"[*] --> {names.of(shown.chart.initial)}"
    if shown.anywhere:
        yield f'state "any state" as {names.sign()}'
    for name in shown.signs:
        yield f'state "{text(", ".join(shown.chart.groups[name].states))}" as {names.sign(name)}'
    for arrow in shown.arrows:
        yield _arrow(arrow, names)
    for name in shown.chart.final:
        yield f"{names.of(name)} --> [*]"


def _styles(shown: Drawing, names: Names) -> Iterator[str]:
    """What stands for several states is dashed."""
    signs = [*([names.sign()] if shown.anywhere else []), *(names.sign(name) for name in shown.signs)]
    if signs:
        yield "classDef several fill:none,stroke-dasharray:4 3"
        yield f"class {','.join(signs)} several"


def _state(name: str, shown: Drawing, names: Names) -> Iterator[str]:
    inside = shown.inside.get(name, ())
    # A name of its own, because Mermaid takes the first line about a state for its name.
    yield name if names.of(name) == name and not inside else f'state "{text(name)}" as {names.of(name)}'
    for line in inside:
        yield f"{names.of(name)} : {text(line)}"


def _arrow(arrow: Arrow, names: Names) -> str:
    starts = {"state": names.of(arrow.source), "anywhere": names.sign(), "member": names.sign(arrow.source)}
    return f"{starts[arrow.start]} --> {names.of(arrow.target)} : {lines(arrow.labels)}"


def safe(name: str) -> str:
    """An id that the grammar takes for nothing else."""
    clash = name.lower() in RESERVED or name.startswith(("state_", ANYWHERE)) or not name[:1].isalpha()
    return f"state_{name}" if clash else name


def lines(labels: Iterable[str]) -> str:
    """Several lines of one label, broken where Mermaid would break them less well."""
    broken = (wrap(label, WIDTH, break_long_words=False, break_on_hyphens=False) for label in labels)
    return "<br/>".join(text(line) for some in broken for line in some)


def text(label: str) -> str:
    """A label in which every character that could mean something is an entity code."""
    return "".join(char if PLAIN.match(char) else f"#{ord(char)};" for char in label)
