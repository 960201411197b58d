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
from session_fsm.render.picture import asked_for

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
COLUMN = 800.0  # pixels; what is wider is laid out tightly
ELK = "elkjs@0.12.1"
SCRIPT = """
const Elk = require('elkjs'); const elk = new Elk(); let text = '';
process.stdin.on('data', part => text += part).on('end', async () => {
  const found = []; for (const graph of JSON.parse(text)) found.push(await elk.layout(graph));
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


def problems() -> dict[str, Problem]:
    """Everything that needs a layout, by fingerprint."""
    asked = [asked_for(chart)[1] for chart in drawn()]
    return {one.fingerprint(): one for one in asked}


def stale() -> list[str]:
    """The charts that have no layout."""
    return [f"{chart.id} ({chart.role})" for chart in drawn() if shipped_layout(asked_for(chart)[1]) is None]


def laid_out(asked: list[Problem]) -> list[Layout]:
    """What ELK makes of each: of several ways to place states and labels, the narrowest picture."""
    found = _narrowest(asked, WAYS)
    # A chart that is too wide for a column of text may stand closer.
    wide = [n for n, layout in enumerate(found) if layout.width > COLUMN]
    for n, tight in zip(wide, _narrowest([asked[n] for n in wide], TIGHT_WAYS), strict=True):
        found[n] = min(found[n], tight, key=_cost)
    return found


def _cost(layout: Layout) -> float:
    return layout.width + layout.height / 3


def _narrowest(asked: list[Problem], ways: list[dict[str, str]]) -> list[Layout]:
    sent = json.dumps([question(one, OPTIONS | way) for one in asked for way in ways])
    with TemporaryDirectory() as folder:
        if "NODE_PATH" not in os.environ:
            subprocess.run(["npm", "install", "--silent", "--prefix", folder, ELK], check=True)
        paths = {"NODE_PATH": f"{folder}/node_modules", **os.environ}
        done = subprocess.run(["node", "-e", SCRIPT], input=sent, capture_output=True, text=True, check=True, env=paths)
    graphs = iter(json.loads(done.stdout))
    return [min((answer(one, next(graphs)) for _ in ways), key=_cost) for one in asked]


def write(*, every: bool = False) -> None:
    wanted = problems()
    kept = {key: found for key, one in wanted.items() if not every and (found := shipped_layout(one)) is not None}
    new = {key: one for key, one in wanted.items() if key not in kept}
    if new:
        kept |= dict(zip(new, laid_out(list(new.values())), strict=True))
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
