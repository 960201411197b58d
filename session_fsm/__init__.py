"""An embeddable SIP/RTP session engine whose every state is an explicit, declarative chart.

What is named here is imported when it is first used: a chart can be checked, and a pytest plugin found, without numpy.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    __version__: str
    "The version of the package that is installed."

    from session_fsm.audio.timeline import RecordMode
    from session_fsm.call import Call
    from session_fsm.call_media import CallMedia
    from session_fsm.call_quality import Quality
    from session_fsm.call_summary import CallSummary
    from session_fsm.chart import Chart
    from session_fsm.errors import (
        CallFailedError,
        ChartError,
        LocalProtocolError,
        Malformed,
        RefusedError,
        RegistrationFailedError,
        SessionFsmError,
        TransportError,
        WaitTimeout,
    )
    from session_fsm.incoming import IncomingInvite
    from session_fsm.machine import Machine
    from session_fsm.rtp import MediaMetrics, MediaQuality
    from session_fsm.runtime.channels import AudioChannels
    from session_fsm.runtime.framing import AudioFrame
    from session_fsm.runtime.media_settings import MediaSettings
    from session_fsm.runtime.recording import CallRecording
    from session_fsm.sdp import PCMA, PCMU, Codec, MediaDirection
    from session_fsm.session.account import Credentials
    from session_fsm.session.challenger import DigestPolicy
    from session_fsm.session.events import CallState, MediaState, Role, SessionEvent
    from session_fsm.session.settings import Settings
    from session_fsm.user_agent import UserAgent

_HOMES = {
    "AudioChannels": "runtime.channels",
    "AudioFrame": "runtime.framing",
    "Call": "call",
    "CallFailedError": "errors",
    "CallMedia": "call_media",
    "CallRecording": "runtime.recording",
    "CallState": "session.events",
    "CallSummary": "call_summary",
    "Chart": "chart",
    "ChartError": "errors",
    "Codec": "sdp",
    "Credentials": "session.account",
    "DigestPolicy": "session.challenger",
    "IncomingInvite": "incoming",
    "LocalProtocolError": "errors",
    "Machine": "machine",
    "Malformed": "errors",
    "MediaDirection": "sdp",
    "MediaMetrics": "rtp",
    "MediaQuality": "rtp",
    "MediaSettings": "runtime.media_settings",
    "MediaState": "session.events",
    "PCMA": "sdp",
    "PCMU": "sdp",
    "Quality": "call_quality",
    "RecordMode": "audio.timeline",
    "RefusedError": "errors",
    "RegistrationFailedError": "errors",
    "Role": "session.events",
    "SessionEvent": "session.events",
    "SessionFsmError": "errors",
    "Settings": "session.settings",
    "TransportError": "errors",
    "UserAgent": "user_agent",
    "WaitTimeout": "errors",
}

__all__ = [
    "AudioChannels",
    "AudioFrame",
    "Call",
    "CallFailedError",
    "CallMedia",
    "CallRecording",
    "CallState",
    "CallSummary",
    "Chart",
    "ChartError",
    "Codec",
    "Credentials",
    "DigestPolicy",
    "IncomingInvite",
    "LocalProtocolError",
    "Machine",
    "Malformed",
    "MediaDirection",
    "MediaMetrics",
    "MediaQuality",
    "MediaSettings",
    "MediaState",
    "PCMA",
    "PCMU",
    "Quality",
    "RecordMode",
    "RefusedError",
    "RegistrationFailedError",
    "Role",
    "SessionEvent",
    "SessionFsmError",
    "Settings",
    "TransportError",
    "UserAgent",
    "WaitTimeout",
]


def __getattr__(name: str) -> object:
    if name == "__version__":
        return import_module("importlib.metadata").version("session-fsm")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
