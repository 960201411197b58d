"""What tests need, ours and yours: a virtual network with virtual time for calls, and questions for any chart.

Nothing here sleeps or reads a clock. Loss, delay, duplication and reordering are verbs of the network; its dice are
seeded, so that a run can be had again. What is named below is imported when it is first used: a pytest plugin lives
here, and people who test something else should not wait for it; `machine_of` and `calls` need Hypothesis.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from session_fsm.testing.asserting import NoMediaError, assert_media
    from session_fsm.testing.charts import RowCoverage, assert_reachable, assert_total, play, row_coverage, tour
    from session_fsm.testing.clock import VirtualClock
    from session_fsm.testing.datagram import Datagram, Log, Method
    from session_fsm.testing.line import Line
    from session_fsm.testing.network import Network, NoRestError
    from session_fsm.testing.pair_run import PairRun
    from session_fsm.testing.pairs import UdpPair, VirtualPair
    from session_fsm.testing.phone import EngineError, Leftovers, Phone
    from session_fsm.testing.rule_machine import machine_of
    from session_fsm.testing.runs import Move
    from session_fsm.testing.scripted import ScriptedPeer
    from session_fsm.testing.sipp import SippError, SippRunner
    from session_fsm.testing.strategies import calls, chart_runs

_HOMES = {
    "Datagram": "datagram",
    "EngineError": "phone",
    "Leftovers": "phone",
    "Line": "line",
    "Log": "datagram",
    "Method": "datagram",
    "Move": "runs",
    "Network": "network",
    "NoMediaError": "asserting",
    "NoRestError": "network",
    "PairRun": "pair_run",
    "Phone": "phone",
    "RowCoverage": "charts",
    "ScriptedPeer": "scripted",
    "SippError": "sipp",
    "SippRunner": "sipp",
    "UdpPair": "pairs",
    "VirtualClock": "clock",
    "VirtualPair": "pairs",
    "assert_media": "asserting",
    "assert_reachable": "charts",
    "assert_total": "charts",
    "calls": "strategies",
    "chart_runs": "strategies",
    "machine_of": "rule_machine",
    "play": "charts",
    "row_coverage": "charts",
    "tour": "charts",
}

__all__ = [
    "Datagram",
    "EngineError",
    "Leftovers",
    "Line",
    "Log",
    "Method",
    "Move",
    "Network",
    "NoMediaError",
    "NoRestError",
    "PairRun",
    "Phone",
    "RowCoverage",
    "ScriptedPeer",
    "SippError",
    "SippRunner",
    "UdpPair",
    "VirtualClock",
    "VirtualPair",
    "assert_media",
    "assert_reachable",
    "assert_total",
    "calls",
    "chart_runs",
    "machine_of",
    "play",
    "row_coverage",
    "tour",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        found = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != "hypothesis":
            raise
        message = f"{__name__}.{name} needs Hypothesis: pip install 'session-fsm[testing]'"
        raise ModuleNotFoundError(message, name=error.name) from None
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
