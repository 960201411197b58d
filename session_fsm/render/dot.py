"""A chart as a DOT graph for Graphviz: boxes are clusters, and an arrow from a box starts at its edge."""

from __future__ import annotations

from collections.abc import Iterator

from session_fsm.chart import Chart
from session_fsm.render.arrows import Arrow, Box, Drawing, drawing

INDENT = "    "

STYLE = (
    "compound=true; rankdir=TB; nodesep=0.5; ranksep=0.6; fontname=Helvetica; fontsize=12; labeljust=l;",
    'node [shape=box, style="rounded,filled", fillcolor=white, color="#475569", fontname=Helvetica, fontsize=12];',
    'edge [color="#475569", fontname=Helvetica, fontsize=10, arrowsize=0.7];',
)


def dot(chart: Chart, *, internal: bool = False) -> str:
    """A chart as the text of a DOT graph; `internal` adds what happens without leaving a state."""
    shown = drawing(chart, internal=internal)
    body = [*STYLE, *_nodes(shown), *(_arrow(arrow, shown) for arrow in shown.arrows)]
    return "\n".join([f"digraph {quoted(chart.id)} {{", *(INDENT + line for line in body), "}"]) + "\n"


def _nodes(shown: Drawing) -> Iterator[str]:
    for box in shown.boxes:
        yield from _box(box, shown)
    for name in shown.states:
        yield _state(name, shown)
    yield '"[start]" [shape=circle, style=filled, fillcolor="#0f172a", label="", width=0.18];'
    yield f'"[start]" -> {quoted(shown.chart.initial)};'
    if shown.anywhere:
        yield _sign("[any]", "any state")


def _box(box: Box, shown: Drawing) -> Iterator[str]:
    yield f"subgraph {quoted('cluster_' + box.name)} {{"
    yield f'{INDENT}label={quoted(box.name)}; style="rounded,filled"; color="#cbd5e1"; fillcolor="#f1f5f9";'
    for inner in box.boxes:
        yield from (INDENT + line for line in _box(inner, shown))
    for name in box.states:
        yield INDENT + _state(name, shown)
    if box.name in shown.signs:
        yield INDENT + _sign(f"[any of {box.name}]", "any of these")
    yield "}"


def _sign(name: str, label: str) -> str:
    """What stands for several states."""
    return f'{quoted(name)} [shape=plaintext, style="", label={quoted(label)}, fontname="Helvetica-Oblique"];'


def _state(name: str, shown: Drawing) -> str:
    inside = shown.inside.get(name, ())
    label = "\\n".join(map(escaped, (name, "", *inside) if inside else (name,)))
    final = ", peripheries=2" if name in shown.chart.final else ""
    return f'{quoted(name)} [label="{label}"{final}];'


def _arrow(arrow: Arrow, shown: Drawing) -> str:
    label = "".join(f"{escaped(line)}\\l" for line in arrow.labels)
    tail = f", ltail={quoted('cluster_' + arrow.source)}" if arrow.start == "box" else ""
    return f'{quoted(_start(arrow, shown))} -> {quoted(arrow.target)} [label="{label}"{tail}];'


def _start(arrow: Arrow, shown: Drawing) -> str:
    if arrow.start == "box":
        return _edge_of(arrow.source, shown.boxes)
    return {"anywhere": "[any]", "member": f"[any of {arrow.source}]"}.get(arrow.start, arrow.source)


def _edge_of(name: str, boxes: tuple[Box, ...]) -> str:
    """The state of a box at which an arrow from the box starts: the last, so that it leaves below."""
    for box in boxes:
        if box.name == name:
            return box.members[-1]
        inner = _edge_of(name, box.boxes)
        if inner:
            return inner
    return ""


def quoted(name: str) -> str:
    """A DOT string."""
    return f'"{escaped(name)}"'


def escaped(text: str) -> str:
    """The inside of a DOT string."""
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
