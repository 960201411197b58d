"""What the media of an endpoint can be told to do differently. Times are in seconds."""

from __future__ import annotations

from dataclasses import dataclass

from session_fsm.audio import Concealment
from session_fsm.rtp import JitterBuffer, Playout
from session_fsm.session.possible import check_seconds

Seconds = float

STALL_AFTER = 30.0  # seconds without a frame; the reference documents' health check
UNPROVEN = 2.0  # seconds, 100 packets of G.711: a lost 200 was repeated twice by then (RFC 3261 §13.3.1.4)
QUALITY_EVERY = 2.0  # seconds over which loss is measured: at 50 packets a second one lost packet is one per cent


JITTER = (0.0, 0.2)  # seconds: no wait where packets come evenly; never longer than what makes talking a nuisance
JITTER_AT_MOST = 2.0  # seconds: what is held back costs memory


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaSettings:
    """Parameters of all media of a user agent."""

    rtp_ports: tuple[int, int] = (0, 0)
    "The first and the last port that calls may use; (0, 0) takes what the system gives."
    stall_after: Seconds = STALL_AFTER
    "How long nothing may arrive before a warning is given. Reception goes on."
    give_up_after: Seconds | None = None
    """How long neither RTP nor RTCP may arrive, where the peer should send, before the call is hung up.

    None never does it: silence alone ends no call, as only a request of ours would show whether the peer is gone.
    """
    unproven: Seconds = UNPROVEN
    """How long audio leaves for the address in an INVITE's offer, while nothing has come from there and the caller has
    not acknowledged our answer. Then it waits until something comes: the INVITE may be a forgery."""
    quality_every: Seconds = QUALITY_EVERY
    "How often loss and jitter are put into a band."
    jitter: tuple[Seconds, Seconds] | None = JITTER
    """The least and the longest time that the jitter buffer holds a packet back; it adapts in between.

    None turns it off: packets are put in order by a window of three, and the lost are silence.
    """

    def __post_init__(self) -> None:
        """Refuse what is not possible, before a call finds out."""
        ports: object = self.rtp_ports
        if (
            not isinstance(ports, list | tuple)
            or len(ports) != 2
            or any(not isinstance(port, int) or isinstance(port, bool) for port in ports)
        ):
            raise ValueError(f"rtp_ports is {ports!r}; it can be a pair of ports such as (40000, 40099)")
        check_seconds("stall_after", self.stall_after)
        if self.give_up_after is not None:
            check_seconds("give_up_after", self.give_up_after)
        check_seconds("unproven", self.unproven)
        check_seconds("quality_every", self.quality_every)
        self._check_jitter(self.jitter)

    def _check_jitter(self, bounds: object) -> None:
        if bounds is None:
            return
        if (
            not isinstance(bounds, list | tuple)
            or len(bounds) != 2
            or any(not isinstance(bound, int | float) or isinstance(bound, bool) for bound in bounds)
            or not 0 <= bounds[0] <= bounds[1] <= JITTER_AT_MOST
        ):
            raise ValueError(
                f"jitter is {bounds!r}; it can be a pair of seconds such as {JITTER}, up to {JITTER_AT_MOST:g}, "
                "or None for no jitter buffer"
            )

    def make_playout(self) -> Playout:
        """What puts the packets of one stream in order."""
        return Playout() if self.jitter is None else JitterBuffer(*self.jitter)

    def make_concealment(self) -> Concealment | None:
        """What fills the holes in one stream's audio; None for silence."""
        return None if self.jitter is None else Concealment()
