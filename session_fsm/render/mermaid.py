"""A chart as a Mermaid state diagram, in the words that GitHub draws.

Syntax: mermaid.js.org/syntax/stateDiagram. Ids are made safe and labels are written with entity codes, so that no name
of a chart can break the drawing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from textwrap import wrap

from session_fsm.chart import Chart
from session_fsm.render.arrows import Arrow, Drawing, drawing, main_path

INDENT = "    "

# Words that the grammar of state diagrams reads as its own, in any case.
RESERVED = frozenset(
    """accdescr acctitle as choice class classdef click concurrency default direction end fork hide href join note root
    scale state statediagram style""".split()  # noqa: SIM905  # a list of words
)

ANYWHERE = "any_state"
WIDTH = 26  # characters; Mermaid breaks labels at 200 pixels, and then draws over them
PLAIN = re.compile(r"[A-Za-z0-9_ .,()\[\]/*+=?!'|-]")


def mermaid(chart: Chart, *, internal: bool = False) -> str:
    """A chart as the text of a Mermaid state diagram; `internal` adds what happens without leaving a state."""
    return (
        "\n".join(
            ["stateDiagram-v2", *(INDENT + line for line in _lines(drawing(chart, internal=internal, boxes=False)))]
        )
        + "\n"
    )


def media_ladder(chart: Chart) -> str:
    """Only the main path of a chart, for the media chart its ladder, as the text of a Mermaid state diagram."""
    lines = ["stateDiagram-v2", f"{INDENT}[*] --> {safe(chart.initial)}"]
    lines += [f"{INDENT}{safe(source)} --> {safe(str(row.to))} : {text(row.event)}" for source, row in main_path(chart)]
    return "\n".join(lines) + "\n"


def _lines(shown: Drawing) -> Iterator[str]:
    for name in shown.states:
        yield from _state(name, shown)
    yield f"[*] --> {safe(shown.chart.initial)}"
    if shown.anywhere:
        yield f'state "any state" as {ANYWHERE}'
    for name in shown.signs:
        yield f'state "{text(", ".join(shown.chart.groups[name].states))}" as {ANYWHERE}_{name}'
    for arrow in shown.arrows:
        yield _arrow(arrow)
    for name in shown.chart.final:
        yield f"{safe(name)} --> [*]"
    yield from _styles(shown)


def _styles(shown: Drawing) -> Iterator[str]:
    """What stands for several states is dashed."""
    signs = [*([ANYWHERE] if shown.anywhere else []), *(f"{ANYWHERE}_{name}" for name in shown.signs)]
    if signs:
        yield "classDef several fill:none,stroke-dasharray:4 3"
        yield f"class {','.join(signs)} several"


def _state(name: str, shown: Drawing) -> Iterator[str]:
    inside = shown.inside.get(name, ())
    # A name of its own, because Mermaid takes the first line about a state for its name.
    yield safe(name) if safe(name) == name and not inside else f'state "{text(name)}" as {safe(name)}'
    for line in inside:
        yield f"{safe(name)} : {text(line)}"


def _arrow(arrow: Arrow) -> str:
    starts = {"state": safe(arrow.source), "anywhere": ANYWHERE, "member": f"{ANYWHERE}_{arrow.source}"}
    return f"{starts[arrow.start]} --> {safe(arrow.target)} : {lines(arrow.labels)}"


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
