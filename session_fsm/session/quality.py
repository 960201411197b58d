"""What the rows of `quality.toml` look at and do: the band of the last interval, and what was measured in it.

A call has this machine from its first measurement on; one that is never heard has none, and no quality.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from session_fsm.rtp.quality import MediaQuality
from session_fsm.session.orders import EdgeFacts
from session_fsm.session.registry import Registry

if TYPE_CHECKING:
    from session_fsm.session.session import Session

TOLD = {
    "Good": MediaQuality.GOOD,
    "Degraded": MediaQuality.DEGRADED,
    "DegradedEasing": MediaQuality.DEGRADED,
    "Poor": MediaQuality.POOR,
    "PoorEasing": MediaQuality.POOR,
    "Failed": MediaQuality.FAILED,
    "FailedEasing": MediaQuality.FAILED,
}
"State -> the band that was told last."


def measured(session: Session, facts: EdgeFacts) -> None:
    """The band of this interval differs from that of the one before. A call that is over is told nothing more."""
    if session.media.finished:
        return
    machine = session.quality
    if machine is None:
        machine = session.quality = session.endpoint.machine("quality", session.role, session, session)
    session.endpoint.mailbox.post(machine, "measured", facts)


def _is(quality: MediaQuality) -> Callable[[Session, object], bool]:
    def holds(at: Session, payload: object) -> bool:
        facts = payload if isinstance(payload, EdgeFacts) else at.measured
        return facts.extra[0] is quality if isinstance(facts.extra, tuple) else False

    return holds


def _note_measure(at: Session, facts: EdgeFacts) -> None:
    at.measured = facts


REGISTRY = Registry(
    guards={
        "good": _is(MediaQuality.GOOD),
        "degraded": _is(MediaQuality.DEGRADED),
        "poor": _is(MediaQuality.POOR),
    },
    effects={"note_measure": _note_measure},
)
