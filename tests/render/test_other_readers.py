"""The programs for which we draw read what we draw, and their machines take the steps of ours.

XState, SCION (SCXML) and Mermaid come by `make readers`; Graphviz and PlantUML are Debian packages.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from session_fsm.chart import Chart, shipped, valuations
from session_fsm.machine import Step, compile_chart, step
from session_fsm.render import dot, ladder_mermaid, mermaid
from session_fsm.render.picture import pair
from session_fsm.render.plantuml import plantuml
from session_fsm.render.scxml import scxml
from session_fsm.render.xstate import xstate

pytestmark = pytest.mark.wire

ROOT = Path(__file__).parents[2]
SCRIPTS = Path(__file__).parent / "programs"
MODULES = ROOT / "build" / "readers" / "node_modules"

Json = Any  # what a program of another language says


def by_node(script: str, module: str, asked: object) -> Json:
    """What one of the scripts says to this."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed (Debian: apt-get install nodejs npm)")
    if not (MODULES / module).is_dir():
        pytest.skip(f"{module} is not there (make readers)")
    command = [node, str(SCRIPTS / script)]
    environment = os.environ | {"NODE_PATH": str(MODULES)}
    done = subprocess.run(
        command, input=json.dumps(asked), capture_output=True, text=True, timeout=100, check=False, env=environment
    )
    assert "" == done.stderr
    return json.loads(done.stdout)


def by_program(name: str, package: str, arguments: Sequence[str], text: str) -> subprocess.CompletedProcess[bytes]:
    """What a program of the system makes of a text."""
    program = shutil.which(name)
    if program is None:
        pytest.skip(f"{name} is not installed (Debian: apt-get install {package})")
    command = [program, *arguments]
    return subprocess.run(command, input=text.encode(), capture_output=True, timeout=100, check=False)


def sides() -> list[Chart]:
    """Every shipped chart, and both examples, as one side runs it."""
    charts = [
        Chart.load(name) for name in (*shipped(), ROOT / "examples" / "door.toml", ROOT / "examples" / "ivr.toml")
    ]
    return [side for chart in charts for side in (_both(chart) if chart.sided else [chart])]


def _both(chart: Chart) -> list[Chart]:
    return [chart.for_role("uac"), chart.for_role("uas")]


def whole_call() -> list[Chart]:
    """What `draw both` draws."""
    charts = {name: Chart.load(name) for name in ("call", "media")}
    return [*pair("uac", charts), *pair("uas", charts)]


def steps(chart: Chart) -> Iterator[tuple[str, str, dict[str, bool], Step]]:
    """Every state, event and value of the guards, with what we do."""
    table = compile_chart(chart)
    for (state, event), cell in chart.cells.items():
        for valuation in valuations(chart, cell.guards()):
            yield state, event, dict(valuation), step(table, state, event, valuation.__getitem__)


def _once_a_row(chart: Chart) -> Iterator[tuple[str, str, dict[str, bool], Step]]:
    """Each row once from each state; the engine compiles a document anew for each case."""
    taken = {(case[0], case[-1].row): case for case in steps(chart) if case[-1].verdict == "row"}
    return iter(taken.values())


def test_xstate_takes_every_step_of_every_chart():
    """From each state, with each event and all values of the guards: the same state, and the same actions in order."""
    charts = sides()
    walks = [list(steps(chart)) for chart in charts]
    asked = [
        {
            "machine": json.loads(xstate(chart)),
            "cases": [{"state": state, "event": event, "guards": guards} for state, event, guards, _ in walk],
        }
        for chart, walk in zip(charts, walks, strict=True)
    ]
    ours = [
        [
            {
                "state": taken.state,
                "actions": [name if kind == "do" else f"{kind} {name}" for kind, name in taken.effects],
            }
            for *_, taken in walk
        ]
        for walk in walks
    ]

    assert ours == by_node("xstate.cjs", "xstate", asked)


def test_xstate_runs_both_sides_as_one_parallel_machine():
    """An event of one region leaves the others where they are."""
    machine = json.loads(xstate(*whole_call()))
    first = {word: region["initial"] for word, region in machine["states"].items()}
    guards = {"offering": True}
    cases = [
        {"state": first, "event": event, "guards": guards} for event in ("call_uac.place", "media_uas.negotiating")
    ]
    (found,) = by_node("xstate.cjs", "xstate", [{"machine": machine, "cases": cases}])

    assert [first | {"call_uac": "Initiating"}, first | {"media_uas": "Negotiating"}] == [one["state"] for one in found]


def test_an_scxml_engine_takes_every_row_of_every_chart():
    """SCION ends in the same state; what is sent to others does not come back as an event.

    Where no row takes an event SCXML discards it, which one rule of SCION's does for all.
    """
    charts = sides()
    walks = [list(_once_a_row(chart)) for chart in charts]
    asked = [
        {
            "document": scxml(chart),
            "cases": [{"initial": state, "events": [event], "guards": guards} for state, event, guards, _ in walk],
        }
        for chart, walk in zip(charts, walks, strict=True)
    ]
    ours = [[[taken.state] for *_, taken in walk] for walk in walks]

    assert ours == by_node("scion.cjs", "@scion-scxml", asked)


def test_an_scxml_engine_runs_call_and_media_at_once():
    """Each hears its own events."""
    charts = {name: Chart.load(name) for name in ("call", "media")}
    events = ["call_uac.place", "media_uac.negotiating", "media_uac.agreed"]
    asked = [{"document": scxml(*pair("uac", charts)), "cases": [{"events": events, "guards": {}}]}]

    assert [[["call_uac.Initiating", "media_uac.Ready"]]] == by_node("scion.cjs", "@scion-scxml", asked)


def test_mermaid_reads_every_chart(alice, bob, net):
    """Each side, call and media of both, with what happens inside a state and without, and a ladder."""
    line = alice.call(bob)
    net.run_for(1.0)
    line.hang_up()
    net.run_until_quiet()
    texts = [mermaid(chart, internal=internal) for chart in sides() for internal in (False, True)]
    texts += [mermaid(*whole_call()), mermaid(*whole_call(), internal=True)]
    found = by_node("mermaid.mjs", "mermaid", [*texts, ladder_mermaid(alice.rows, bob.rows)])

    assert [*["stateDiagram"] * len(texts), "sequence"] == found


@pytest.mark.parametrize("internal", [False, True])
def test_graphviz_draws_every_chart(internal):
    """Without a warning; one graph for call and media of both sides too."""
    texts = [*(dot(chart, internal=internal) for chart in sides()), dot(*whole_call(), internal=internal)]
    done = [by_program("dot", "graphviz", ["-Tsvg"], text) for text in texts]

    assert [(0, b"", 1)] * len(texts) == [(one.returncode, one.stderr, one.stdout.count(b"<svg")) for one in done]


def test_plantuml_draws_every_chart():
    """All in one run, because it takes seconds to begin."""
    texts = [*map(plantuml, sides()), plantuml(*whole_call())]
    done = by_program("plantuml", "plantuml", ["-syntax"], "\n".join(texts))

    assert (0, ["STATE"] * len(texts)) == (done.returncode, _kinds(done.stdout.decode()))


def _kinds(told: str) -> list[str]:
    return [line for line in told.splitlines() if line.isupper()]
