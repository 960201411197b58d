"""The identity of a real message, for `matching`."""

from __future__ import annotations

from session_fsm.session.matching import Identity
from session_fsm.sip import Message, Request


def identity_of(message: Message) -> Identity:
    """RFC 3261 §17.1.3, §17.2.3. Without a unique branch the older rule compares Via, From tag, Call-ID and CSeq."""
    is_request = isinstance(message, Request)
    via = message.via
    branch: object = message.branch
    if branch is None:
        branch = ("RFC 2543", str(via), message.from_tag, message.call_id, message.cseq.number)
    local, remote = (message.to_tag, message.from_tag) if is_request else (message.from_tag, message.to_tag)
    cseq = message.cseq
    return Identity(is_request, cseq.method, branch, via.sent_by, message.call_id, local, remote, cseq.number)
