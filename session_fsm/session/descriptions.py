"""Session descriptions in messages: what a peer's message describes, read once."""

from __future__ import annotations

from session_fsm.errors import Malformed
from session_fsm.sdp import Refusal, SessionDescription
from session_fsm.sip import Request, Response

NO_DESCRIPTION = Refusal("there is no session description")


def has_description(message: Request | Response) -> bool:
    """Whether a message carries a session description."""
    return bool(message.body) and message.content_type in ("application/sdp", None)


class Descriptions:
    """Reads the descriptions of one call. The last one is remembered: it is asked for again."""

    __slots__ = ("_read",)

    def __init__(self) -> None:
        self._read: tuple[object, SessionDescription | Refusal] | None = None

    def of(self, message: Request | Response) -> SessionDescription | Refusal:
        """What a message describes, or why it describes nothing."""
        if self._read is None or self._read[0] is not message:
            self._read = (message, _parsed(message.body) if has_description(message) else NO_DESCRIPTION)
        return self._read[1]

    def forget(self) -> None:
        """The call is over."""
        self._read = None


def _parsed(body: bytes) -> SessionDescription | Refusal:
    try:
        return SessionDescription.parse(body)
    except Malformed as fault:
        return Refusal(f"the session description is malformed: {fault.rule}")
