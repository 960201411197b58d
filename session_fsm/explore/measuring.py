"""How well a peer is heard, from one interval to the next: the quality chart against any series of measurements."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from session_fsm.chart import Chart
from session_fsm.explore.abstract import Event, Facts, Key, Message, Place, Side
from session_fsm.explore.apart import ApartMeaning, ApartSide
from session_fsm.explore.effects import EffectMeaning
from session_fsm.explore.guards import GuardMeaning
from session_fsm.explore.sending import Payload
from session_fsm.explore.turn import Turn
from session_fsm.rtp.quality import MediaQuality
from session_fsm.session.quality import TOLD

QUALITY = Key("quality")
BANDS = tuple(MediaQuality)
"From the best to the worst."


class Measured(NamedTuple):
    """What is remembered of the measurements."""

    band: str = ""
    "Of the last interval that the chart was to remember."
    changes: int = 0
    "How many changes this turn has told."


def _measured(turn: Turn) -> Measured:
    kept = turn.facts["apart"]
    return kept if isinstance(kept, Measured) else Measured()


class MeasuringSide(ApartSide):
    """Who hears."""

    def __init__(self, charts: Sequence[Chart], side: Side) -> None:
        super().__init__(charts, side)
        self.rules.told = frozenset({"MediaQualityChange"})
        self.meaning = ApartMeaning(self.rules, GUARDS, EFFECTS)

    def facts(self) -> Facts:
        """Nothing was measured."""
        return Facts(apart=Measured())

    def opened(self) -> Sequence[Key]:
        """The machine is there from the first measurement on, which is the first thing that happens."""
        return (QUALITY,)

    def own(self, place: Place) -> Iterator[Event]:
        """Another band is measured, it has lasted, the call ends."""
        yield from super().own(place)
        if place.machines[0][1].state not in self.rules.charts[QUALITY.chart].final:
            yield Event("world", "measured", QUALITY)
            yield Event("world", "closed", QUALITY)

    def begin(self, turn: Turn, place: Place, event: Event) -> None:
        """A measurement is of any band."""
        if event.name == "measured":
            turn.post(QUALITY, "measured", Message(self.side, "interval", note=turn.choose(BANDS)))
        else:
            super().begin(turn, place, event)

    def judge(self, turn: Turn, place: Place, event: Event) -> None:
        """A change is told once and is one; what is better is told only when it has lasted."""
        before, after = TOLD.get(place.machines[0][1].state), TOLD.get(turn.stands[QUALITY].state)
        changes = _measured(turn).changes
        turn.facts["apart"] = _measured(turn)._replace(changes=0)
        if after is None:
            return
        if changes != (before != after):
            turn.fault("changes-are-told", f"{changes} changes of quality are told from {before} to {after}")
        if before is not None and BANDS.index(after) < BANDS.index(before) and event.kind != "timer":
            turn.fault("better-has-lasted", f"{after} is told after {before} by {event}, though it has not lasted")


def _is(band: MediaQuality) -> GuardMeaning:
    return lambda turn, payload: (payload.note if payload is not None else _measured(turn).band) == band


def _note_measure(turn: Turn, key: Key, payload: Payload) -> None:
    if payload is not None:
        turn.facts["apart"] = _measured(turn)._replace(band=payload.note)


def _change(turn: Turn, key: Key, payload: Payload) -> None:
    turn.facts["apart"] = _measured(turn)._replace(changes=_measured(turn).changes + 1)


GUARDS: Mapping[tuple[str, str], GuardMeaning] = {
    ("quality", "good"): _is(MediaQuality.GOOD),
    ("quality", "degraded"): _is(MediaQuality.DEGRADED),
    ("quality", "poor"): _is(MediaQuality.POOR),
}
EFFECTS: Mapping[tuple[str, str, str], EffectMeaning] = {
    ("quality", "do", "note_measure"): _note_measure,
    ("quality", "emit", "MediaQualityChange"): _change,
}
