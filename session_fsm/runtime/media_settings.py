"""What the media of an endpoint can be told to do differently. Times are in seconds."""

from __future__ import annotations

from dataclasses import dataclass

from session_fsm.session.possible import check_seconds

Seconds = float

STALL_AFTER = 30.0  # seconds without a frame; the reference documents' health check
QUALITY_EVERY = 2.0  # seconds over which loss is measured: at 50 packets a second one lost packet is one per cent


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaSettings:
    """Parameters of all media of a user agent."""

    rtp_ports: tuple[int, int] = (0, 0)
    "The first and the last port that calls may use; (0, 0) takes what the system gives."
    stall_after: Seconds = STALL_AFTER
    "How long nothing may arrive before a warning is given. Reception goes on."
    quality_every: Seconds = QUALITY_EVERY
    "How often loss and jitter are put into a band."

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
        check_seconds("quality_every", self.quality_every)
