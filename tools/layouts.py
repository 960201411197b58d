"""Writes the layouts of the shipped charts, session_fsm/render/layouts.json, by the Eclipse Layout Kernel.

python -m tools.layouts [--check]      with --check nothing is run; exit code 3 when a chart has no layout

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
from session_fsm.render.elk import OPTIONS, answer, question
from session_fsm.render.layout import FILE, Layout, Problem, shipped_layout, to_plain
from session_fsm.render.picture import asked_for

SIDE = "elk.layered.edgeLabels.sideSelection"
PLACING = "elk.layered.nodePlacement.strategy"
WAYS = [
    {SIDE: side, PLACING: placing}
    for side in ("ALWAYS_UP", "SMART_UP", "SMART_DOWN", "ALWAYS_DOWN")
    for placing in ("NETWORK_SIMPLEX", "BRANDES_KOEPF")
]
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
    sent = json.dumps([question(one, OPTIONS | way) for one in asked for way in WAYS])
    with TemporaryDirectory() as folder:
        if "NODE_PATH" not in os.environ:
            subprocess.run(["npm", "install", "--silent", "--prefix", folder, ELK], check=True)
        paths = {"NODE_PATH": f"{folder}/node_modules", **os.environ}
        done = subprocess.run(["node", "-e", SCRIPT], input=sent, capture_output=True, text=True, check=True, env=paths)
    graphs = iter(json.loads(done.stdout))
    found = [[answer(one, next(graphs)) for _ in WAYS] for one in asked]
    return [min(layouts, key=lambda layout: layout.width + layout.height / 3) for layouts in found]


def write() -> None:
    wanted = problems()
    layouts = dict(zip(wanted, map(to_plain, laid_out(list(wanted.values()))), strict=True))
    lines = [f"{json.dumps(key)}: {json.dumps(layouts[key], separators=(',', ':'))}" for key in sorted(layouts)]
    FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def main(arguments: list[str]) -> int:
    if arguments == ["--check"]:
        missing = stale()
        for name in missing:
            print(f"no layout: {name}")
        return 3 if missing else 0
    write()
    print(f"wrote: {FILE.name}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
