"""When the next RTCP report is due (RFC 3550 §6.2, §6.3.1 and A.7), as a pure function with the dice given."""

from __future__ import annotations

from math import e

Seconds = float

MIN_INTERVAL = 5.0  # seconds, RFC 3550 §6.2; half of it before the first report
SENDER_SHARE = 0.25  # of the RTCP bandwidth, for those who send while they are at most a quarter of all
RTCP_SHARE = 0.05  # of the session's bandwidth, RFC 3550 §6.2
COMPENSATION = e - 1.5  # timer reconsideration converges to less than the intended average; RFC 3550 §6.3.1


def rtcp_interval(
    *,
    members: int,
    senders: int,
    bandwidth: float,
    we_sent: bool,
    average_size: float,
    initial: bool,
    dice: float,
) -> Seconds:
    """Seconds until the next report.

    `bandwidth` is RTCP's share in octets a second, `average_size` that of the compound packets in octets with their
    UDP and IP headers, `dice` a random number from 0.0 up to 1.0.
    """
    interval = deterministic_interval(
        members=members,
        senders=senders,
        bandwidth=bandwidth,
        we_sent=we_sent,
        average_size=average_size,
        initial=initial,
    )
    return interval * (dice + 0.5) / COMPENSATION


def deterministic_interval(
    *, members: int, senders: int, bandwidth: float, we_sent: bool, average_size: float, initial: bool
) -> Seconds:
    """The interval Td of RFC 3550 §6.3.1, before it is randomised."""
    sharers = members
    if senders <= members * SENDER_SHARE:
        share = SENDER_SHARE if we_sent else 1 - SENDER_SHARE
        sharers = senders if we_sent else members - senders
        bandwidth *= share
    least = MIN_INTERVAL / 2 if initial else MIN_INTERVAL
    return max(least, average_size * sharers / bandwidth)
