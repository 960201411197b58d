"""Telephone events in a description: which number they go under, and which of them a side handles.

Source: RFC 4733 §2.4.1 (the payload format `telephone-event` and its list of events).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

from session_fsm.sdp.codec import Codec
from session_fsm.sdp.numbers import number

TELEPHONE_EVENT = Codec("telephone-event", 101)
"RFC 4733 §2.4.1, under the dynamic number that nearly everybody gives it."
EVENTS_HANDLED = "0-16"
"The sixteen DTMF digits and the hook flash: what is offered, sent and received (RFC 4733 §3.2)."
HIGHEST_EVENT = 255  # eight bits, RFC 4733 §2.3.1
USUAL_EVENTS = frozenset(range(16))
"What a side handles that lists nothing: the DTMF digits (RFC 4733 §2.4.1)."
LONGEST_LIST = 200  # characters of an fmtp value; the widest lists in use have under 60


@dataclass(frozen=True, slots=True)
class TelephoneEvents:
    """What was agreed for telephone events."""

    payload_type: int
    "The number on the events that we receive."
    send_payload_type: int
    "The number on those that we send: the peer's (RFC 3264 §5.1)."
    codes: frozenset[int]
    "The events that the peer handles."


def with_events(codecs: tuple[Codec, ...], payload_type: int | None) -> tuple[Codec, ...]:
    """These codecs, and the telephone events under this number unless it is None."""
    return codecs if payload_type is None else _with_events(codecs, payload_type)


@lru_cache(maxsize=64)
def _with_events(codecs: tuple[Codec, ...], payload_type: int) -> tuple[Codec, ...]:
    return (*codecs, replace(TELEPHONE_EVENT, payload_type=payload_type))


def free_payload_type(codecs: tuple[Codec, ...]) -> int:
    """A dynamic number for the events that none of these codecs has (RFC 3551 §3: 96 to 127)."""
    taken = {codec.payload_type for codec in codecs}
    if TELEPHONE_EVENT.payload_type not in taken:
        return TELEPHONE_EVENT.payload_type
    return next(each for each in range(96, 128) if each not in taken)


@lru_cache(maxsize=256)  # every call of one kind of peer says the same
def events_listed(value: str | None) -> frozenset[int]:
    """The events of an `fmtp` value such as `0-15,66`; those that everybody handles where it is missing or is none."""
    if not value or len(value) > LONGEST_LIST:
        return USUAL_EVENTS
    found: set[int] = set()
    for part in value.removeprefix("events=").split(","):
        first, dash, last = part.partition("-")
        start = number(first.strip(), at_most=HIGHEST_EVENT)
        end = number(last.strip(), at_most=HIGHEST_EVENT) if dash else start
        if start is None or end is None:
            return USUAL_EVENTS
        found.update(range(start, end + 1))
    return frozenset(found)
