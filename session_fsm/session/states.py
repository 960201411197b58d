"""The words that events are told in: who, in which state, in which direction. Values only.

The states are those of the charts; `tests/test_house.py` holds the two together.
"""

from __future__ import annotations

from enum import StrEnum

Address = tuple[str, int]
"An IP address (IPv6 without brackets) and a port."

SessionId = str
"Names one session within its user agent."


class Role(StrEnum):
    """Which side of the call a session is."""

    UAC = "UAC"
    "The caller: it sent the INVITE."
    UAS = "UAS"
    "The callee: it received the INVITE."


class CallState(StrEnum):
    """The states of `statecharts/call.toml`."""

    IDLE = "Idle"
    INITIATING = "Initiating"
    PROCEEDING = "Proceeding"
    REDIRECTED = "Redirected"
    RINGING = "Ringing"
    EARLY_MEDIA = "EarlyMedia"
    QUEUED = "Queued"
    ACTIVE = "Active"
    ON_HOLD = "OnHold"
    WAITING_TO_CANCEL = "WaitingToCancel"
    "The application hung up before any response came: no CANCEL may leave yet (RFC 3261 §9.1)."
    WAITING_TO_GIVE_UP = "WaitingToGiveUp"
    "The same, because the time for an answer ran out."
    CANCELLING = "Cancelling"
    GIVING_UP = "GivingUp"
    TERMINATING = "Terminating"
    TERMINATED = "Terminated"
    CANCELLED = "Cancelled"
    FAILED = "Failed"


class MediaState(StrEnum):
    """The states of `statecharts/media.toml`."""

    IDLE = "Idle"
    NEGOTIATING = "Negotiating"
    READY = "Ready"
    ESTABLISHED = "Established"
    ACTIVE = "Active"
    STALLED = "Stalled"
    HELD = "Held"
    CLOSED = "Closed"


class DialogState(StrEnum):
    """The states of `statecharts/dialog.toml`."""

    IDLE = "Idle"
    EARLY = "Early"
    LOSING = "Losing"
    "Another fork of the INVITE has answered first."
    MORATORIUM = "Moratorium"
    CONFIRMED = "Confirmed"
    OVERTAKEN = "Overtaken"
    MORTAL = "Mortal"
    "Our BYE was sent, its final response is outstanding (RFC 5407 §2)."
    UNWANTED = "Unwanted"
    TERMINATED = "Terminated"


class FlowDirection(StrEnum):
    """In which direction media is known to flow."""

    INBOUND = "Inbound"
    OUTBOUND = "Outbound"
    BIDIRECTIONAL = "Bidirectional"


class SdpKind(StrEnum):
    """Which part of an offer/answer exchange a description is, seen from this side."""

    OFFER_SENT = "offer_sent"
    OFFER_RECEIVED = "offer_received"
    ANSWER_SENT = "answer_sent"
    ANSWER_RECEIVED = "answer_received"


class DtmfMethod(StrEnum):
    """How a digit travelled."""

    RTP = "rtp"
    "As a telephone event between the audio packets (RFC 4733)."
    INFO = "info"
    "In the body of a SIP INFO request."


class MediaChange(StrEnum):
    """What a `MediaEvent` tells."""

    STALLED = "stalled"
    "Media that flowed has not arrived for the stall time."
    RESUMED = "resumed"
    "Media that had stalled arrives again."
    SILENT = "silent"
    "Nothing at all has arrived since the path opened, for the stall time. Reception goes on."
    SOURCE_CHANGED = "source_changed"
    "The peer's media comes from another source than before."
    HELD = "held"
    "Neither side sends: the negotiated direction is inactive."
    RENEGOTIATED = "renegotiated"
    "A re-INVITE changed address, codec or direction."
    REOFFER_ACCEPTED = "reoffer_accepted"
    "The peer agreed to what we offered within the call: a hold, its end, another direction."
    REOFFER_REFUSED = "reoffer_refused"
    "The peer refused what we offered within the call; nothing changed."
    WITHHELD = "withheld"
    "Audio leaves no more: the caller has not shown by ACK, digest, RTP or RTCP that it is there, and may be forged."
    RELEASED = "released"
    "The caller is there after all: audio leaves again."
    MUTED = "muted"
    "The application has muted its audio: the peer hears silence from now on."
    UNMUTED = "unmuted"
    "The peer hears the application's audio again."
    PATH_FAILED = "path_failed"
    "The media path cannot send: the peer's port is unreachable or the socket failed."
