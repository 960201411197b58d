"""An embeddable SIP/RTP session engine whose every state is an explicit, declarative chart."""

from __future__ import annotations

from session_fsm.call import Call
from session_fsm.call_media import CallMedia
from session_fsm.call_summary import CallSummary
from session_fsm.chart import Chart
from session_fsm.errors import (
    CallFailedError,
    ChartError,
    LocalProtocolError,
    Malformed,
    SessionFsmError,
    TransportError,
    WaitTimeout,
)
from session_fsm.incoming import IncomingInvite
from session_fsm.machine import Machine
from session_fsm.rtp import MediaMetrics, MediaQuality
from session_fsm.runtime.channels import AudioChannels, AudioFrame
from session_fsm.runtime.media_settings import MediaSettings
from session_fsm.sdp import PCMA, PCMU, Codec, MediaDirection
from session_fsm.session.events import CallState, MediaState, Role, SessionEvent
from session_fsm.session.settings import Settings
from session_fsm.user_agent import UserAgent

__all__ = [
    "AudioChannels",
    "AudioFrame",
    "Call",
    "CallFailedError",
    "CallMedia",
    "CallState",
    "CallSummary",
    "Chart",
    "ChartError",
    "Codec",
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
    "Role",
    "SessionEvent",
    "SessionFsmError",
    "Settings",
    "TransportError",
    "UserAgent",
    "WaitTimeout",
]
