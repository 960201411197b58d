"""The methods that SIP knows, for telling an unknown one from a known one."""

from __future__ import annotations

METHODS = frozenset(
    {"ACK", "BYE", "CANCEL", "INFO", "INVITE", "MESSAGE", "NOTIFY", "OPTIONS", "PRACK", "PUBLISH", "REFER", "REGISTER"}
    | {"SUBSCRIBE", "UPDATE"}
)
"RFC 3261 §7.1 and the IANA registry of methods. Which of them are handled is decided elsewhere."
