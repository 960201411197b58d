"""DOT text: what it shows, and that Graphviz reads it."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from session_fsm.chart import Chart, shipped
from session_fsm.render import dot

GRAPHVIZ = shutil.which("dot")


@pytest.mark.wire
@pytest.mark.skipif(GRAPHVIZ is None, reason="Graphviz (dot) is not installed")
@pytest.mark.parametrize("name", shipped())
def test_graphviz_draws_every_shipped_chart(name):
    chart = Chart.load(name)
    for side in [chart.for_role("uac"), chart.for_role("uas")] if chart.sided else [chart]:
        drawn = subprocess.run([str(GRAPHVIZ), "-Tsvg"], input=dot(side, internal=True).encode(), capture_output=True)
        assert (0, b"") == (drawn.returncode, drawn.stderr)


def test_a_group_is_a_box_and_its_row_leaves_from_the_box():
    text = dot(Chart.load("media"))

    assert 'subgraph "cluster_Flowing" {' in text
    assert '"Stalled" -> "Held" [label="renegotiated [inactive]\\l", ltail="cluster_Flowing"];' in text


def test_a_final_state_has_two_borders():
    assert '"Closed" [label="Closed", peripheries=2];' in dot(Chart.load("media"))
