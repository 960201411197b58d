"""How many calls this process has files for: each holds two sockets, and the application needs files as well."""

from __future__ import annotations

from dataclasses import replace

from session_fsm.session.settings import Settings

try:
    from resource import RLIM_INFINITY, RLIMIT_NOFILE, getrlimit
except ImportError:  # not Unix: sockets are no files there
    getrlimit = None  # type: ignore[assignment]

RESERVED = 64  # files that are left to the application, to logs and to name look-ups
A_CALL = 2  # RTP and RTCP


def fitting(settings: Settings) -> Settings:
    """The same settings, but that calls of strangers never take all files: half for one source, three quarters for all.

    An incoming call may have its sockets before its caller acknowledges anything, so who floods us takes files too.
    """
    if getrlimit is None:
        return settings
    soft = getrlimit(RLIMIT_NOFILE)[0]
    if soft == RLIM_INFINITY:
        return settings
    room = max(0, soft - RESERVED) // A_CALL
    in_all = min(settings.max_waiting, max(1, room * 3 // 4))
    of_one = min(settings.max_waiting_per_source, max(1, room // 2))
    if (in_all, of_one) == (settings.max_waiting, settings.max_waiting_per_source):
        return settings
    return replace(settings, max_waiting=in_all, max_waiting_per_source=of_one)
