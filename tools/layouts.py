"""Writes the layouts of the shipped charts, session_fsm/render/layouts.json, by the Eclipse Layout Kernel.

python -m tools.layouts [--all|--check]      only what has no layout yet is laid out; --all lays out everything again

With --check nothing is run; exit code 3 when a chart has no layout.

Needs node and npm, which fetches elkjs where NODE_PATH names no folder that has it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from tempfile import TemporaryDirectory

from session_fsm.chart import Chart, shipped
from session_fsm.render.elk import OPTIONS, TIGHT, answer, question
from session_fsm.render.layout import FILE, Layout, Problem, shipped_layout, to_plain
from session_fsm.render.picture import COLUMN, ways

SIDE = "elk.layered.edgeLabels.sideSelection"
PLACING = "elk.layered.nodePlacement.strategy"
CENTRE = "elk.layered.edgeLabels.centerLabelPlacementStrategy"
LABELS = ("MEDIAN_LAYER", "SPACE_EFFICIENT_LAYER", "TAIL_LAYER")
WAYS = [
    {SIDE: side, PLACING: placing, CENTRE: centre}
    for side in ("ALWAYS_UP", "SMART_UP", "SMART_DOWN")
    for placing in ("NETWORK_SIMPLEX", "BRANDES_KOEPF")
    for centre in LABELS
]
TIGHT_WAYS = [way | TIGHT for way in WAYS if way[PLACING] == "NETWORK_SIMPLEX"]
# Where a chart is still too wide, few states may stand side by side.
LAYERS = (
    {"elk.layered.layering.strategy": "COFFMAN_GRAHAM", "elk.layered.layering.coffmanGraham.layerBound": "2"},
    {"elk.layered.layering.strategy": "LONGEST_PATH"},
)
NARROW_WAYS = [way | layers for way in TIGHT_WAYS for layers in LAYERS]
ROOMY = 800.0  # pixels; what is wider is laid out tightly
FAR = 1.2  # times too wide, in a first look
# What is wider than this is tried again in these ways, and at last with the states of a box one below the other.
CLOSER = ((ROOMY, TIGHT_WAYS, False), (COLUMN, NARROW_WAYS, False), (COLUMN, NARROW_WAYS, True))
ELK = "elkjs@0.12.1"
SCRIPT = """
const Elk = require('elkjs'); const elk = new Elk(); let text = '';
process.stdin.on('data', part => text += part).on('end', async () => {
  const found = []; for (const graph of JSON.parse(text)) found.push(await elk.layout(graph).catch(() => null));
  console.log(JSON.stringify(found)); });
"""


def drawn() -> Iterator[Chart]:
    """Every chart as it may be drawn: whole, and each side of those that have sides."""
    for name in shipped():
        chart = Chart.load(name)
        yield chart
        if chart.role == "both":
            yield chart.for_role("uac")
            yield chart.for_role("uas")


def asked() -> dict[str, list[Problem]]:
    """The ways in which each chart may be drawn, by the fingerprint of the first."""
    found = ([problem for _, problem in ways(chart)] for chart in drawn())
    return {each[0].fingerprint(): each for each in found}


def stale() -> list[str]:
    """The charts that have no layout."""
    return [
        f"{chart.id} ({chart.role})"
        for chart in drawn()
        if all(shipped_layout(problem) is None for _, problem in ways(chart))
    ]


def laid_out(asked: list[Problem]) -> list[Layout]:
    """What ELK makes of each: of several ways to place states and labels, the narrowest picture."""
    found = _best(asked, WAYS)
    for wanted, closer, stacked in CLOSER:
        wide = [n for n, layout in enumerate(found) if layout.width > wanted]
        for n, layout in zip(wide, _best([asked[n] for n in wide], closer, stacked=stacked), strict=True):
            found[n] = min(found[n], layout, key=_cost)
    return found


def chosen(each: list[Problem]) -> tuple[Problem, Layout]:
    """The first way to draw a chart that fits a column of text, or else the best."""
    tried: list[tuple[Problem, Layout]] = []
    for one in each:
        [roomy], [stacked] = _best([one], TIGHT_WAYS[:3]), _best([one], NARROW_WAYS[:2], stacked=True)
        rough = min(roomy, stacked, key=_cost)
        # Where a few ways show that it is far too wide, more of them would not make it fit.
        tried.append((one, laid_out([one])[0] if rough.width <= FAR * COLUMN else rough))
        if tried[-1][1].width <= COLUMN:
            break
    return min(tried, key=lambda found: _cost(found[1]))


def _cost(layout: Layout) -> float:
    """What is wider than a column of text counts most."""
    return layout.width + layout.height / 3 + 3 * max(0.0, layout.width - COLUMN)


def _best(asked: list[Problem], ways: list[dict[str, str]], *, stacked: bool = False) -> list[Layout]:
    if not asked:
        return []
    sent = json.dumps([question(one, OPTIONS | way, stacked=stacked) for one in asked for way in ways])
    with TemporaryDirectory() as folder:
        if "NODE_PATH" not in os.environ:
            subprocess.run(["npm", "install", "--silent", "--prefix", folder, ELK], check=True)
        paths = {"NODE_PATH": f"{folder}/node_modules", **os.environ}
        done = subprocess.run(["node", "-e", SCRIPT], input=sent, capture_output=True, text=True, check=True, env=paths)
    graphs = iter(json.loads(done.stdout))
    # ELK 0.12.1 throws at some ways to choose the sides of labels; the others are there.
    made = [[graph for _ in ways if (graph := next(graphs)) is not None] for _ in asked]
    return [min((answer(one, graph) for graph in each), key=_cost) for one, each in zip(asked, made, strict=True)]


def write(*, every: bool = False) -> None:
    """Lay out what has no layout: each chart in the first way that fits a column of text."""
    kept: dict[str, Layout] = {}
    new: list[list[Problem]] = []
    for each in asked().values():
        known = {one.fingerprint(): found for one in each if (found := shipped_layout(one)) is not None}
        kept |= {} if every else known
        new += [each] if every or not known else []
    for each in new:
        one, layout = chosen(each)
        print(f"{len(one.edges)} of {len(each[0].edges)} arrows: {layout.width:.0f} x {layout.height:.0f}", flush=True)
        kept[one.fingerprint()] = layout
    layouts = {key: to_plain(layout) for key, layout in kept.items()}
    lines = [f"{json.dumps(key)}: {json.dumps(layouts[key], separators=(',', ':'))}" for key in sorted(layouts)]
    FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def main(arguments: list[str]) -> int:
    if arguments == ["--check"]:
        missing = stale()
        for name in missing:
            print(f"no layout: {name}")
        return 3 if missing else 0
    write(every=arguments == ["--all"])
    print(f"wrote: {FILE.name}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
