"""A run of the explorer as a test: the same steps again, and what does not hold where they lead."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from session_fsm.chart import Chart, read_folder
from session_fsm.explore.abstract import SIDES
from session_fsm.explore.counterexample import moves_of
from session_fsm.explore.exploration import Violation, findings
from session_fsm.explore.products import products
from session_fsm.explore.search import Found, walk
from session_fsm.session.building import shipped_charts

Steps = Sequence[tuple[str, str, tuple[int, ...]]]
"(side, event, how its open questions were answered)."

ENOUGH = 200_000  # states that are walked to see whether a claim about the future still fails

FOLDER = """\
from session_fsm.explore.following import replaced

CHARTS = replaced(Path(__file__).parent / {charts!r})
"""
TEST = '''\
"""Written by `session-fsm explore`: the shortest run to something that did not hold."""

{first}from session_fsm.explore import follow
{then}
STEPS = [
{steps}
]


def test_{name}():
    """{what}."""
    assert {property!r} not in follow(STEPS, product={product!r}, reinvites={reinvites}{charts})
'''


def follow(
    steps: Steps, *, product: str = "calls", reinvites: int = 0, charts: Iterable[Chart] | None = None
) -> list[str]:
    """The properties that fail during these steps or where they end. A run that is not possible any more ends early."""
    used = list(charts if charts is not None else shipped_charts().values())
    walked = next(one for one in products(reinvites, used) if one.name == product)
    found = walked.begun(used)
    here = found.standing(0)
    failed: set[str] = set()
    for side, event, script in steps:
        fitting = (
            (move, goal)
            for move, goal in moves_of(found, here)
            if (SIDES[move.side], str(move.event), move.outcome.script) == (side, event, tuple(script))
        )
        taken = next(fitting, None)
        if taken is None:
            return sorted(failed)
        here = taken[1]
        failed.update(rule for rule, _ in taken[0].outcome.faults)
    onward = Found(found.halves, here)
    walk(onward, ENOUGH)
    claims = (finding for finding in findings(onward, walked, used) if finding.kind not in ("turn", "sometimes"))
    return sorted(failed.union(finding.property for finding in claims if finding.state == 0))


def as_test(violation: Violation, reinvites: int, charts: str = "") -> str:
    """The text of a pytest that fails as long as a violation is there; `charts` is a folder, as seen from its file."""
    lines = [f"    ({step.side!r}, {step.event!r}, {step.script!r})," for step in violation.run.steps]
    return TEST.format(
        steps="\n".join(lines),
        name="".join(char if char.isalnum() else "_" for char in violation.property),
        what=violation.what[:1].upper() + violation.what[1:],
        property=violation.property,
        product=violation.product.name,
        reinvites=reinvites,
        first="from pathlib import Path\n\n" if charts else "",
        then=FOLDER.format(charts=charts) if charts else "",
        charts=", charts=CHARTS" if charts else "",
    )


def replaced(folder: Path) -> list[Chart]:
    """Our charts, those of a folder or a file in the place of the ones that have their names, and its others.

    Raises ChartError.
    """
    return list({**shipped_charts(), **read_folder(folder)}.values())
