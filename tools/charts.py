"""Writes docs/charts, a page for each shipped chart and an index, and docs/pictures. `make charts` runs it.

python -m tools.charts [--check]      with --check nothing is written; exit code 3 when a page is stale
"""

from __future__ import annotations

import sys
from pathlib import Path

from session_fsm.chart import Chart, shipped
from session_fsm.render import index, page
from tools import pictures

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "charts"


def pages() -> dict[str, str]:
    """Every page as it should be: file name -> text."""
    charts = [Chart.load(name) for name in shipped()]
    return {"README.md": index(charts)} | {f"{chart.id}.md": page(chart, charts) for chart in charts}


def stale(folder: Path = FOLDER) -> list[str]:
    """The names of pages that are missing, differ, or belong to no chart any more."""
    wanted = pages()
    found = {file.name: file.read_text(encoding="utf-8") for file in folder.glob("*.md")}
    return sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name))


def write(folder: Path = FOLDER) -> list[str]:
    """Write what is stale and remove what belongs to no chart; the names of what changed."""
    changed, wanted = stale(folder), pages()
    folder.mkdir(parents=True, exist_ok=True)
    for name in changed:
        if name in wanted:
            (folder / name).write_text(wanted[name], encoding="utf-8")
        else:
            (folder / name).unlink()
    return changed


def main(arguments: list[str]) -> int:
    if arguments not in ([], ["--check"]):
        print(f"usage: {Path(__file__).name} [--check]", file=sys.stderr)
        return 2
    changed = [f"docs/charts/{name}" for name in (stale() if arguments else write())]
    changed += [f"docs/pictures/{name}" for name in (pictures.stale() if arguments else pictures.write())]
    for name in changed:
        print(f"{'stale' if arguments else 'wrote'}: {name}")
    return 3 if arguments and changed else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
