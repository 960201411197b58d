"""Writes docs/charts, a page for each shipped chart and an index, and docs/pictures. `make charts` runs it.

python -m tools.charts [--check]      with --check nothing is written; exit code 3 when a page is stale
"""

from __future__ import annotations

import sys
from pathlib import Path

from session_fsm.chart import Chart, shipped
from session_fsm.render import index, page
from tools import generated
from tools.pictures import pictures

DOCS = Path(__file__).resolve().parents[1] / "docs"


def pages() -> dict[str, str]:
    """Every page as it should be: file name -> text."""
    charts = [Chart.load(name) for name in shipped()]
    return {"README.md": index(charts)} | {f"{chart.id}.md": page(chart, charts) for chart in charts}


def main(arguments: list[str]) -> int:
    if arguments not in ([], ["--check"]):
        print(f"usage: {Path(__file__).name} [--check]", file=sys.stderr)
        return 2
    act = generated.stale if arguments else generated.write
    changed = [
        f"docs/{folder}/{name}"
        for folder, wanted in (("charts", pages()), ("pictures", pictures()))
        for name in act(DOCS / folder, wanted)
    ]
    for name in changed:
        print(f"{'stale' if arguments else 'wrote'}: {name}")
    return 3 if arguments and changed else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
