"""A DTMF digit in the body of an INFO: `application/dtmf-relay` and `application/dtmf`, octets to values and back.

Nobody has standardized either (RFC 6086 §2); they are what gateways and phones have in common.
"""

from __future__ import annotations

from typing import NamedTuple

RELAY = "application/dtmf-relay"
PLAIN = "application/dtmf"
ACCEPTED = f"{RELAY}, {PLAIN}"

DIGITS = frozenset("0123456789*#ABCD!")
NUMBERED = {"10": "*", "11": "#", "12": "A", "13": "B", "14": "C", "15": "D", "16": "!", "FLASH": "!"}
"Some write the digit as its event code (RFC 4733 §3.2)."
LONGEST_BODY = 256  # octets; a digit takes under 30
LONGEST_MS = 65535  # milliseconds


class InfoDigit(NamedTuple):
    """What an INFO says."""

    digit: str
    duration_ms: int | None
    "None when it does not say."


def encode_digit(digit: str, duration_ms: int) -> bytes:
    """The body of type RELAY."""
    return f"Signal={digit}\r\nDuration={duration_ms}\r\n".encode("ascii")


def parse_digit(content_type: str | None, body: bytes) -> InfoDigit | None:
    """The digit that a body of this type says, or None when it says none."""
    if content_type not in (RELAY, PLAIN) or len(body) > LONGEST_BODY:
        return None
    text = body.decode("ascii", "replace")
    lines = [line.partition("=") for line in text.splitlines() if line.strip()]
    said = {name.strip().lower(): value.strip() for name, _, value in lines}
    signal = said.get("signal", text.strip() if content_type == PLAIN else "").upper()
    digit = NUMBERED.get(signal, signal)
    if digit not in DIGITS:
        return None
    duration = said.get("duration", "")
    known = duration.isascii() and duration.isdigit() and len(duration) <= 5
    return InfoDigit(digit, min(int(duration), LONGEST_MS) if known else None)
