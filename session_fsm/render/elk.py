"""A layout problem in the words of the Eclipse Layout Kernel, and its answer as a layout. Runs nothing itself.

Options: eclipse.dev/elk/reference.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import cast

from session_fsm.render.layout import START, Edge, Layout, Line, Point, Problem, Rect

Json = dict[str, object]

OPTIONS = {
    "elk.algorithm": "layered",
    "elk.direction": "DOWN",
    "elk.edgeRouting": "ORTHOGONAL",
    "elk.hierarchyHandling": "INCLUDE_CHILDREN",
    "elk.json.shapeCoords": "ROOT",
    "elk.json.edgeCoords": "ROOT",
    "elk.padding": "[top=16,left=16,bottom=16,right=16]",
    "elk.spacing.nodeNode": "28",
    "elk.spacing.edgeNode": "16",
    "elk.spacing.edgeEdge": "14",
    "elk.spacing.edgeLabel": "5",
    "elk.spacing.labelNode": "8",
    "elk.layered.spacing.nodeNodeBetweenLayers": "22",
    "elk.layered.spacing.edgeNodeBetweenLayers": "14",
    "elk.layered.spacing.edgeEdgeBetweenLayers": "12",
    "elk.layered.cycleBreaking.strategy": "MODEL_ORDER",
    "elk.layered.nodePlacement.strategy": "NETWORK_SIMPLEX",
    "elk.layered.nodePlacement.favorStraightEdges": "true",
    "elk.layered.edgeLabels.sideSelection": "ALWAYS_UP",
    "elk.layered.compaction.postCompaction.strategy": "EDGE_LENGTH",
    "elk.layered.thoroughness": "60",
}
# For charts that would not fit a column of text.
TIGHT = {
    "elk.spacing.nodeNode": "20",
    "elk.spacing.edgeNode": "10",
    "elk.spacing.edgeEdge": "9",
    "elk.spacing.edgeLabel": "4",
    "elk.spacing.labelNode": "6",
}
BOX = {"elk.padding": "[top=30,left=16,bottom=16,right=16]"}
MAIN = {
    "elk.layered.priority.straightness": "20",
    "elk.layered.priority.shortness": "20",
    "elk.layered.priority.direction": "20",
}


def question(asked: Problem, options: Mapping[str, str] = OPTIONS, *, stacked: bool = False) -> Json:
    """The problem as an ELK graph. Stacked, what stands in one box stands one below the other."""
    upward = backward(asked)
    edges = [_edge(n, edge, n in upward) for n, edge in enumerate(asked.edges)]
    edges += [_guide(*pair) for pair in _guides(asked, stacked)]
    return {"id": "root", "layoutOptions": dict(options), "children": _children(asked, ""), "edges": edges}


def backward(asked: Problem) -> frozenset[int]:
    """The edges that lead to what the chart names before their source: they go up, beside the others.

    ELK gets them turned round, so that the order of the file decides what stands above what.
    """
    order = _order(asked)
    return frozenset(n for n, edge in enumerate(asked.edges) if order[edge.target] < order[edge.source])


def _order(asked: Problem) -> dict[str, int]:
    """Where in the file each node stands, and each box with its first state. A sign stands before everything."""
    found = {node.name: n for n, node in enumerate(asked.nodes)}
    found |= {node.name: 0 for node in asked.nodes if node.name.startswith("(")}
    for box in asked.boxes:
        inside = [node.name for node in asked.nodes if _within(asked, node.box, box)]
        found[f"box:{box}"] = min(found[name] for name in inside if not name.startswith("("))
    return {name.removeprefix("box:"): n for name, n in found.items()}


def _within(asked: Problem, box: str, outer: str) -> bool:
    while box and box != outer:
        box = asked.boxes[box]
    return box == outer


def _children(asked: Problem, box: str) -> list[Json]:
    order = _order(asked)
    found: list[tuple[int, Json]] = []
    for node in asked.nodes:
        if node.box == box:
            first = {"elk.layered.layering.layerConstraint": "FIRST"} if node.name == START else {}
            drawn: Json = {"id": node.name, "width": node.width, "height": node.height, "layoutOptions": first}
            found.append((order[node.name], drawn))
    for name, outer in asked.boxes.items():
        if outer == box:
            inner: Json = {"id": f"box:{name}", "layoutOptions": BOX, "children": _children(asked, name)}
            found.append((order[name], inner))
    return [child for _, child in sorted(found, key=lambda pair: pair[0])]


def _edge(n: int, edge: Edge, is_turned: bool) -> Json:
    source = f"box:{edge.source}" if edge.from_box else edge.source
    ends = (edge.target, source) if is_turned else (source, edge.target)
    found: Json = {"id": f"e{n}", "sources": [ends[0]], "targets": [ends[1]]}
    if edge.height:
        found["labels"] = [{"text": "-", "width": edge.width, "height": edge.height}]
    return found | ({"layoutOptions": MAIN} if edge.main else {})


def _guides(asked: Problem, stacked: bool) -> Iterator[tuple[str, str]]:
    """Pairs of nodes that are to stand one below the other, though no arrow says so.

    A sign that no arrow leaves stands above the states of its box.
    """
    left = {edge.source for edge in asked.edges}
    for box in asked.boxes:
        inside = [node.name for node in asked.nodes if node.box == box]
        states = [name for name in inside if not name.startswith("(")]
        signs = [name for name in inside if name.startswith("(") and name not in left]
        yield from ((sign, name) for sign in signs for name in states[:1])
        yield from pairwise(states) if stacked else ()


def _guide(above: str, below: str) -> Json:
    return {"id": f"guide {above} {below}", "sources": [above], "targets": [below]}


def answer(asked: Problem, graph: Mapping[str, object]) -> Layout:
    """The layout that ELK found."""
    upward = backward(asked)
    places = dict(_places(graph))
    edges = {str(edge["id"]): edge for edge in cast("list[Json]", graph["edges"])}
    return Layout(
        width=cast(float, graph["width"]),
        height=cast(float, graph["height"]),
        nodes={name: rect for name, rect in places.items() if not name.startswith("box:")},
        boxes={name.removeprefix("box:"): rect for name, rect in places.items() if name.startswith("box:")},
        lines=tuple(_line(edges[f"e{n}"], n in upward) for n in range(len(asked.edges))),
    )


def _places(graph: Mapping[str, object]) -> Iterator[tuple[str, Rect]]:
    for node in cast("list[Json]", graph.get("children", [])):
        yield str(node["id"]), _rect(node)
        yield from _places(node)


def _rect(node: Json) -> Rect:
    return Rect(*(cast(float, node[key]) for key in ("x", "y", "width", "height")))


def _line(edge: Json, is_turned: bool) -> Line:
    section = cast("list[dict[str, Json]]", edge["sections"])[0]
    bends = cast("list[Json]", section.get("bendPoints", []))
    points = [section["startPoint"], *bends, section["endPoint"]][:: -1 if is_turned else 1]
    labels = cast("list[Json]", edge.get("labels", []))
    return Line(
        points=tuple(Point(cast(float, point["x"]), cast(float, point["y"])) for point in points),
        label=_rect(labels[0]) if labels else None,
    )
