"""What the rows of `dtmf_receiver.toml` look at and do: which packets make one telephone event, and how long it lasted.

Source: RFC 4733 §2.5.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from session_fsm.rtp.telephone_event import DIGITS, LONGEST, HeardEvent
from session_fsm.session.endpoint import Endpoint
from session_fsm.session.registry import Registry

if TYPE_CHECKING:
    from session_fsm.session.session import Session

TICKS_A_MS = 8  # telephone-event/8000
# A packet that is earlier by no more than this is late; more is another count of a source that began anew. The longest
# segment, which is sent again up to three times, and two seconds.
OLDER_AT_MOST = LONGEST + 2000 * TICKS_A_MS


@dataclass(slots=True)
class Pressed:
    """One event as far as it was heard."""

    ssrc: int
    timestamp: int
    "Of its newest segment."
    code: int
    segment: int
    "How long that segment has lasted, in ticks."
    before: int = 0
    "How long the segments before it lasted."
    is_over: bool = False
    "Whether its end was heard: the E bit."

    @property
    def digit(self) -> str:
        """Which key."""
        return DIGITS[self.code]

    @property
    def milliseconds(self) -> int:
        """How long."""
        return (self.before + self.segment) // TICKS_A_MS


class DtmfReceiver:
    """The telephone events of one call's peer. Its state is its machine's."""

    __slots__ = ("before", "endpoint", "heard", "machine", "session")

    purpose = ""

    def __init__(self, session: Session) -> None:
        self.endpoint: Endpoint = session.endpoint
        self.session = session
        self.heard = Pressed(0, 0, 0, 0)
        "The event that was heard last."
        self.before = self.heard
        "The one before it."
        self.machine = session.endpoint.machine("dtmf_receiver", session.role, self, session)


def _same(at: DtmfReceiver, heard: HeardEvent) -> bool:
    return (heard.ssrc, heard.timestamp) == (at.heard.ssrc, at.heard.timestamp)


def _older(at: DtmfReceiver, heard: HeardEvent) -> bool:
    return heard.ssrc == at.heard.ssrc and 0 < at.heard.timestamp - heard.timestamp & 0xFFFFFFFF <= OLDER_AT_MOST


def _follows(at: DtmfReceiver, heard: HeardEvent) -> bool:
    """RFC 4733 §2.5.1.3: the next segment begins where a full one ends, whose last packets may be lost."""
    ended = at.heard.timestamp + LONGEST & 0xFFFFFFFF
    goes_on = (heard.ssrc, heard.code, heard.timestamp) == (at.heard.ssrc, at.heard.code, ended)
    return goes_on and not at.heard.is_over


def _last(at: DtmfReceiver, heard: HeardEvent) -> bool:
    return heard.is_last


def _begin(at: DtmfReceiver, heard: HeardEvent) -> None:
    at.before, at.heard = at.heard, Pressed(heard.ssrc, heard.timestamp, heard.code, heard.duration)
    at.heard.is_over = heard.is_last


def _extend(at: DtmfReceiver, heard: HeardEvent) -> None:
    pressed = at.heard
    if heard.timestamp == pressed.timestamp:
        pressed.segment = max(pressed.segment, heard.duration)
    else:
        # It is full, though what said so may be lost.
        pressed.before += LONGEST
        pressed.timestamp, pressed.segment = heard.timestamp, heard.duration
    pressed.is_over = pressed.is_over or heard.is_last


REGISTRY = Registry(
    guards={"same": _same, "older": _older, "follows": _follows, "last": _last},
    effects={"begin": _begin, "extend": _extend},
)
