"""Lays out a chart that did not come with the package, by Graphviz: the one of the extra `draw`, or the system's own.

Each label is a node in the middle of its arrow, so that no line runs over it.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sysconfig
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import cast

from session_fsm.render.layout import Layout, Line, Point, Problem, Rect

INCH = 72.0
MARGIN = 16.0
PATIENCE = 30.0  # seconds for one chart
GRAPH = "compound=true; nodesep=0.35; ranksep=0.28; splines=true; margin=0;"
SHAPES = 'node [shape=box, fixedsize=true, label=""]; edge [arrowhead=none];'

Json = dict[str, object]


def layout_by_engine(asked: Problem) -> Layout | None:
    """A layout of anything; None when no engine is installed, or it gives up."""
    program = _program()
    if program is None:
        return None
    try:
        done = subprocess.run(
            [program, "-Tjson"], input=graph_of(asked), capture_output=True, text=True, timeout=PATIENCE, check=True
        )
        return answer(asked, json.loads(done.stdout))
    except (OSError, subprocess.SubprocessError, ValueError, KeyError):
        return None


def _program() -> str | None:
    beside = Path(sysconfig.get_path("scripts")) / "graphviz-pure"
    return str(beside) if beside.is_file() else shutil.which("graphviz-pure") or shutil.which("dot")


def graph_of(asked: Problem) -> str:
    """The problem as a DOT graph. Nodes are numbered, so that no name can break it."""
    numbers = {node.name: n for n, node in enumerate(asked.nodes)}
    lines = ["digraph {", GRAPH, SHAPES, *_inside(asked, numbers, "")]
    for n, edge in enumerate(asked.edges):
        tail = numbers[_last_of(asked, edge.source)] if edge.from_box else numbers[edge.source]
        clip = f", ltail=cluster_{list(asked.boxes).index(edge.source)}" if edge.from_box else ""
        weight = 50 if edge.main else 1
        if not edge.height:
            lines.append(f"n{tail} -> n{numbers[edge.target]} [id=e{n}, weight={weight}];")
            continue
        lines.append(f"n{tail} -> l{n} [id=t{n}, weight={weight}{clip}];")
        lines.append(f"l{n} -> n{numbers[edge.target]} [id=e{n}, weight={weight}];")
    return "\n".join([*lines, "}"])


def _inside(asked: Problem, numbers: Mapping[str, int], box: str) -> Iterator[str]:
    for node in asked.nodes:
        if node.box == box:
            yield f"n{numbers[node.name]} [width={node.width / INCH:.3f}, height={node.height / INCH:.3f}];"
    boxes = {node.name: node.box for node in asked.nodes}
    for n, edge in enumerate(asked.edges):
        # What happens between the states of one box is told inside it.
        ends = "" if edge.from_box or boxes[edge.source] != boxes[edge.target] else boxes[edge.source]
        if edge.height and ends == box:
            yield f"l{n} [width={edge.width / INCH:.3f}, height={edge.height / INCH:.3f}];"
    for n, (name, outer) in enumerate(asked.boxes.items()):
        if outer == box:
            # The label keeps room for the box's title.
            yield f'subgraph cluster_{n} {{ label=" "; margin=14;'
            yield from _inside(asked, numbers, name)
            yield "}"


def _last_of(asked: Problem, box: str) -> str:
    """The state at which an arrow from a box begins, before it is cut at the box's edge."""
    boxes = {box}
    for name, outer in asked.boxes.items():
        boxes |= {name} if outer in boxes else set()
    return [node.name for node in asked.nodes if node.box in boxes and not node.name.startswith("(")][-1]


def answer(asked: Problem, graph: Json) -> Layout:
    """The layout that Graphviz found."""
    _, _, width, height = map(float, str(graph["bb"]).split(","))
    objects = {str(each["name"]): each for each in cast("list[Json]", graph["objects"])}
    ways = {str(edge["id"]): _way(str(edge["pos"]), height) for edge in cast("list[Json]", graph["edges"])}
    return Layout(
        width=width + 2 * MARGIN,
        height=height + 2 * MARGIN,
        nodes={node.name: _rect(objects[f"n{n}"], height) for n, node in enumerate(asked.nodes)},
        boxes={name: _box(objects[f"cluster_{n}"], height) for n, name in enumerate(asked.boxes)},
        lines=tuple(
            Line(
                points=ways[f"e{n}"],
                label=_rect(objects[f"l{n}"], height) if edge.height else None,
                smooth=True,
                lead=ways.get(f"t{n}", ()),
            )
            for n, edge in enumerate(asked.edges)
        ),
    )


def _rect(node: Json, height: float) -> Rect:
    x, y = map(float, str(node["pos"]).split(","))
    wide, high = float(str(node["width"])) * INCH, float(str(node["height"])) * INCH
    return Rect(
        round(x - wide / 2 + MARGIN, 1), round(height - y - high / 2 + MARGIN, 1), round(wide, 1), round(high, 1)
    )


def _box(cluster: Json, height: float) -> Rect:
    left, low, right, high = map(float, str(cluster["bb"]).split(","))
    return Rect(round(left + MARGIN, 1), round(height - high + MARGIN, 1), round(right - left, 1), round(high - low, 1))


def _way(text: str, height: float) -> tuple[Point, ...]:
    numbers = [float(number) for pair in text.split() for number in pair.split(",")[-2:]]
    return tuple(Point(round(x + MARGIN, 1), round(height - y + MARGIN, 1)) for x, y in _pairs(numbers))


def _pairs(numbers: list[float]) -> Iterator[tuple[float, float]]:
    return zip(numbers[::2], numbers[1::2], strict=True)
