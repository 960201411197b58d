"""A chart, or several, as a DOT graph for Graphviz: boxes are clusters, and an arrow from a box starts at its edge."""

from __future__ import annotations

from collections.abc import Iterator

from session_fsm.chart import Chart
from session_fsm.render.arrows import Arrow, Box, Drawing, drawing
from session_fsm.render.several import parts, title_of

INDENT = "    "

STYLE = (
    "compound=true; newrank=true; rankdir=TB; nodesep=0.5; ranksep=0.6; fontname=Helvetica; fontsize=12; labeljust=l;",
    'node [shape=box, style="rounded,filled", fillcolor=white, color="#475569", fontname=Helvetica, fontsize=12];',
    'edge [color="#475569", fontname=Helvetica, fontsize=10, arrowsize=0.7];',
)


def dot(*charts: Chart, internal: bool = False) -> str:
    """A chart as the text of a DOT graph; `internal` adds what happens without leaving a state.

    Of several each is a cluster.
    """
    body = [line for word, chart in parts(charts) for line in _part(word, chart, internal)]
    name = quoted(", ".join(chart.id for chart in charts))
    return "\n".join([f"digraph {name} {{", *(INDENT + line for line in (*STYLE, *body)), "}"]) + "\n"


def _part(word: str, chart: Chart, internal: bool) -> Iterator[str]:
    shown = drawing(chart, internal=internal)
    words = _Words(shown, f"{word}." if word else "")
    arrows = [words.arrow(arrow) for arrow in shown.arrows]
    if not word:
        yield from (*words.nodes(), *arrows)
        return
    yield f"subgraph {quoted('cluster_' + word)} {{"
    yield f'{INDENT}label={quoted(title_of(chart))}; fontsize=15; style=rounded; color="#94a3b8";'
    yield from (INDENT + line for line in (*words.nodes(), *arrows))
    yield "}"


class _Words:
    """One chart's lines. Its names begin with a word of its own, where there are several."""

    def __init__(self, shown: Drawing, before: str) -> None:
        self.shown = shown
        self.before = before

    def id(self, name: str) -> str:
        return quoted(self.before + name)

    def cluster(self, box: str) -> str:
        return quoted(f"cluster_{self.before}{box}")

    def nodes(self) -> Iterator[str]:
        for box in self.shown.boxes:
            yield from self.box(box)
        for name in self.shown.states:
            yield self.state(name)
        yield f'{self.id("[start]")} [shape=circle, style=filled, fillcolor="#0f172a", label="", width=0.18];'
        yield f"{self.id('[start]')} -> {self.id(self.shown.chart.initial)};"
        if self.shown.anywhere:
            yield self.sign("[any]", "any state")

    def box(self, box: Box) -> Iterator[str]:
        yield f"subgraph {self.cluster(box.name)} {{"
        yield f'{INDENT}label={quoted(box.name)}; style="rounded,filled"; color="#cbd5e1"; fillcolor="#f1f5f9";'
        for inner in box.boxes:
            yield from (INDENT + line for line in self.box(inner))
        for name in box.states:
            yield INDENT + self.state(name)
        if box.name in self.shown.signs:
            yield INDENT + self.sign(f"[any of {box.name}]", "any of these")
        yield "}"

    def sign(self, name: str, label: str) -> str:
        """What stands for several states."""
        return f'{self.id(name)} [shape=plaintext, style="", label={quoted(label)}, fontname="Helvetica-Oblique"];'

    def state(self, name: str) -> str:
        inside = self.shown.inside.get(name, ())
        label = "\\n".join(map(escaped, (name, "", *inside) if inside else (name,)))
        final = ", peripheries=2" if name in self.shown.chart.final else ""
        return f'{self.id(name)} [label="{label}"{final}];'

    def arrow(self, arrow: Arrow) -> str:
        label = "".join(f"{escaped(line)}\\l" for line in arrow.labels)
        tail = f", ltail={self.cluster(arrow.source)}" if arrow.start == "box" else ""
        return f'{self.id(self.start(arrow))} -> {self.id(arrow.target)} [label="{label}"{tail}];'

    def start(self, arrow: Arrow) -> str:
        if arrow.start == "box":
            return _edge_of(arrow.source, self.shown.boxes)
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
