"""Where everything of a chart's picture stands: boxes, lines and labels in pixels. Values only, from any engine.

The layouts of the shipped charts come with the package (`layouts.json`); each is found by a fingerprint of what is to
be laid out, so a chart that was changed never gets the layout of another.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import NamedTuple, cast

from session_fsm.render.arrows import Arrow, Box, Drawing
from session_fsm.render.cards import size_of
from session_fsm.render.labels import LABEL_SIZE, LINE, SIGN_HEIGHT, STATE_HEIGHT, STATE_SIZE, label_lines
from session_fsm.render.measure import text_width

DOT = 12.0  # where a chart begins

START = "(start)"
ANYWHERE = "(any state)"
FILE = Path(__file__).with_name("layouts.json")


class Point(NamedTuple):
    """A place in the picture; y grows downwards."""

    x: float
    y: float


class Rect(NamedTuple):
    """A box in the picture."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Its right edge."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """Its lower edge."""
        return self.y + self.height

    def moved(self, dx: float, dy: float) -> Rect:
        """The same box elsewhere."""
        return Rect(self.x + dx, self.y + dy, self.width, self.height)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One arrow's way through the picture."""

    points: tuple[Point, ...]
    "Corners of straight pieces; of a smooth line its Bézier points, one and then three for each piece."
    label: Rect | None
    smooth: bool = False
    lead: tuple[Point, ...] = ()
    "The smooth piece before a label that stands in the line."


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where everything of one drawing stands."""

    width: float
    height: float
    nodes: Mapping[str, Rect]
    "States and signs by name."
    boxes: Mapping[str, Rect]
    "Groups that are drawn as boxes, by name."
    lines: tuple[Line, ...]
    "One for each arrow of the drawing, in its order; the last is that from the start."


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """Something of a drawing that needs a place."""

    name: str
    width: float
    height: float
    box: str = ""
    "The box that it stands in, or none."


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """An arrow of a drawing: between which nodes or boxes, and how large its label is."""

    source: str
    target: str
    width: float = 0.0
    height: float = 0.0
    from_box: bool = False
    main: bool = False
    "Whether it is part of the main path, which goes straight down."


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What an engine is to lay out."""

    nodes: tuple[Node, ...]
    boxes: Mapping[str, str]
    "Box -> the box around it, or an empty name."
    edges: tuple[Edge, ...]

    def fingerprint(self) -> str:
        """The same for the same drawing on every computer."""
        told = repr((self.nodes, sorted(self.boxes.items()), self.edges))
        return hashlib.sha256(told.encode()).hexdigest()[:16]


def problem(shown: Drawing, main: frozenset[tuple[str, str]]) -> Problem:
    """What is to be laid out for a drawing; `main` are the pairs of states along its main path."""
    inside = dict(_places(shown.boxes))
    nodes = [Node(name=START, width=DOT, height=DOT)]
    lists = {name: size_of(exits) for name, exits in lists_of(shown).items()}
    nodes += [_grown(_node(name, inside.get(name, "")), lists) for name in shown.chart.states]
    nodes += [_grown(_sign(ANYWHERE, ""), lists)] if shown.anywhere else []
    boxes = _names(shown.boxes)
    nodes += [_grown(_sign(member_sign(name), name if name in boxes else ""), lists) for name in shown.signs]
    edges = [_edge(n, shown, main) for n in range(len(shown.arrows))]
    edges.append(Edge(source=START, target=shown.chart.initial, main=True))
    return Problem(nodes=tuple(nodes), boxes=dict(_around(shown.boxes, "")), edges=tuple(edges))


def member_sign(group: str) -> str:
    """The name of the sign that stands for any member of a group."""
    return f"(any of {group})"


def starting_node(arrow: Arrow) -> str:
    """The name of the state or sign that an arrow leaves from; of a box, where it leaves from its edge."""
    return {"anywhere": ANYWHERE, "member": member_sign(arrow.source)}.get(arrow.start, arrow.source)


def lists_of(shown: Drawing) -> dict[str, list[Arrow]]:
    """State or sign -> the arrows that are told in it."""
    found: dict[str, list[Arrow]] = {}
    for arrow in shown.exits:
        found.setdefault(starting_node(arrow), []).append(arrow)
    return found


def shipped_layout(asked: Problem) -> Layout | None:
    """The layout that came with the package, if it has one for exactly this."""
    data = _shipped().get(asked.fingerprint())
    return None if data is None else from_plain(cast("dict[str, object]", data))


def to_plain(layout: Layout) -> dict[str, object]:
    """A layout as plain data, to tenths of a pixel."""
    return {
        "size": _short((layout.width, layout.height)),
        "nodes": {name: _short(rect) for name, rect in layout.nodes.items()},
        "boxes": {name: _short(rect) for name, rect in layout.boxes.items()},
        "lines": [
            {
                "points": [_short(point) for point in line.points],
                "label": _short(line.label) if line.label else None,
            }
            for line in layout.lines
        ],
    }


def from_plain(data: Mapping[str, object]) -> Layout:
    """The layout that `to_plain` wrote."""
    lines = cast("list[dict[str, list[list[float]] | list[float] | None]]", data["lines"])
    width, height = cast("list[float]", data["size"])
    return Layout(
        width=width,
        height=height,
        nodes={name: Rect(*rect) for name, rect in cast("dict[str, list[float]]", data["nodes"]).items()},
        boxes={name: Rect(*rect) for name, rect in cast("dict[str, list[float]]", data["boxes"]).items()},
        lines=tuple(
            Line(
                points=tuple(Point(*point) for point in cast("list[list[float]]", line["points"])),
                label=Rect(*cast("list[float]", line["label"])) if line["label"] else None,
            )
            for line in lines
        ),
    )


@cache
def _shipped() -> dict[str, object]:
    return cast("dict[str, object]", json.loads(FILE.read_text(encoding="utf-8"))) if FILE.is_file() else {}


def _short(numbers: tuple[float, ...]) -> list[float]:
    return [round(number, 1) for number in numbers]


def _node(name: str, box: str) -> Node:
    width = max(72.0, round(text_width(name, STATE_SIZE, bold=True) + 26))
    return Node(name=name, width=width, height=STATE_HEIGHT, box=box)


def _sign(name: str, box: str) -> Node:
    return Node(name=name, width=round(text_width(sign_text(name), LABEL_SIZE) + 20), height=SIGN_HEIGHT, box=box)


def _grown(node: Node, lists: Mapping[str, tuple[float, float]]) -> Node:
    """A node with room for its list below its name."""
    width, height = lists.get(node.name, (0.0, 0.0))
    return replace(node, width=max(node.width, width), height=node.height + height)


def sign_text(name: str) -> str:
    """What is written on a sign."""
    return "any state" if name == ANYWHERE else "any of these"


def _edge(n: int, shown: Drawing, main: frozenset[tuple[str, str]]) -> Edge:
    arrow = shown.arrows[n]
    lines = label_lines(arrow.labels)
    return Edge(
        source=starting_node(arrow),
        target=arrow.target,
        width=round(max(text_width(line, LABEL_SIZE) for line in lines) + 6),
        height=LINE * len(lines) + 2,
        from_box=arrow.start == "box",
        main=(arrow.source, arrow.target) in main,
    )


def _places(boxes: tuple[Box, ...]) -> Iterator[tuple[str, str]]:
    for box in boxes:
        yield from ((name, box.name) for name in box.states)
        yield from _places(box.boxes)


def _around(boxes: tuple[Box, ...], outer: str) -> Iterator[tuple[str, str]]:
    for box in boxes:
        yield box.name, outer
        yield from _around(box.boxes, box.name)


def _names(boxes: tuple[Box, ...]) -> set[str]:
    return {name for name, _ in _around(boxes, "")}
