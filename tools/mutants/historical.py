"""The two faults of the reference documents, made again by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from session_fsm.chart import Chart
from session_fsm.chart.model import Decisions, Effects
from tools.mutants.changes import Mutant, exchanged

NEVER_NEGOTIATES = "the UAS never negotiates"
ESTABLISHES_ON_ACK = "the UAS establishes on ACK"


def historical(charts: Mapping[str, Chart]) -> list[Mutant]:
    """Both of them."""
    return [_never_negotiates(charts["offer_answer"]), _establishes_on_ack(charts["offer_answer"])]


def _never_negotiates(chart: Chart) -> Mutant:
    """An offer that was received is not told to the media chart."""
    idle = chart.states["Idle"]
    rows = tuple(
        replace(row, effects=replace(row.effects, emit=tuple(e for e in row.effects.emit if e != "negotiating")))
        if row.event == "offer_received"
        else row
        for row in idle.decisions.rows
    )
    changed = exchanged(chart, idle, replace(idle.decisions, rows=rows))
    return _named(changed, NEVER_NEGOTIATES, ("Idle", "offer_received"))


def _establishes_on_ack(chart: Chart) -> Mutant:
    """The agreement is in force at the ACK that came, not at the answer that was sent."""
    offered = chart.states["RemoteOffer"]
    sent = next(row for row in offered.decisions.rows if row.event == "answer_sent")
    told = tuple(name for name in sent.effects.emit if name != "agreed")
    early = replace(sent, to=None, effects=Effects(emit=told))
    late = replace(
        sent, id="on-ack", event="confirmed", to="Agreed", effects=Effects(do=sent.effects.do, emit=("agreed",))
    )
    others = tuple(row for row in offered.decisions.rows if row is not sent)
    verdicts = {event: said for event, said in offered.decisions.verdicts.items() if event != "confirmed"}
    changed = exchanged(chart, offered, Decisions(rows=(early, late, *others), verdicts=verdicts))
    # The first ACK is no longer awaited here: this state is now entered by re-INVITEs only.
    after = changed.states["Acknowledging"]
    rows = tuple(row for row in after.decisions.rows if row.event != "confirmed")
    changed = exchanged(changed, after, replace(after.decisions, rows=rows))
    return _named(changed, ESTABLISHES_ON_ACK, ("RemoteOffer", "answer_sent"))


def _named(chart: Chart, name: str, cell: tuple[str, str]) -> Mutant:
    return Mutant(chart=chart, place="", change=name, kind="historical", cells=frozenset({cell}))
