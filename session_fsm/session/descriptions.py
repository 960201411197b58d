"""Session descriptions in messages: what a peer's message describes, read once."""

from __future__ import annotations

from session_fsm.errors import Malformed
from session_fsm.sdp import Refusal, SessionDescription
from session_fsm.sip import Message

NO_DESCRIPTION = Refusal("there is no session description")


def has_description(message: Message) -> bool:
    """Whether a message carries a session description."""
    return bool(message.body) and message.content_type in ("application/sdp", None)


def described(message: Message) -> SessionDescription | Refusal:
    """What a message describes, or why it describes nothing."""
    if not has_description(message):
        return NO_DESCRIPTION
    try:
        return SessionDescription.parse(message.body)
    except Malformed as fault:
        return Refusal(f"the session description is malformed: {fault.rule}")
