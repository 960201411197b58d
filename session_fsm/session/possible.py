"""Whether what an application asks for is possible: one clear error that names what was given and what can be."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

from session_fsm.errors import Malformed
from session_fsm.rtp.telephone_event import DIGITS
from session_fsm.sdp import MediaDirection, why_no_peer
from session_fsm.sip import OtherUri, SipUri, parse_uri
from session_fsm.sip.grammar import is_token

OURS = frozenset({
    "via", "v", "from", "f", "to", "t", "call-id", "i", "cseq", "contact", "m", "max-forwards", "content-type", "c",
    "content-length", "l",
})  # fmt: skip
"Header fields that are written here, with their compact forms: a second one would make another message of it."


def check_seconds(name: str, value: object) -> None:
    """A duration: any number above 0."""
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 < value < inf:
        raise ValueError(f"{name} is {value!r}; it can be any number of seconds above 0")


def check_rate(rate: object) -> None:
    """How many samples a second a file has."""
    if not isinstance(rate, int) or isinstance(rate, bool) or not 1000 <= rate <= 192_000:
        raise ValueError(f"rate is {rate!r}; it can be a whole number of samples a second, from 1000 to 192000")


def check_count(name: str, value: object) -> None:
    """A whole number, 0 or more."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(f"{name} is {value!r}; it can be any whole number from 0")


def check_share(name: str, value: object) -> None:
    """A part of a whole: 0 to 1."""
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= 1:
        raise ValueError(f"{name} is {value!r}; it can be any number from 0 to 1")


def check_one_of(name: str, value: object, possible: Sequence[object]) -> None:
    """One of a few values."""
    if value not in possible:
        *most, last = map(str, possible)
        raise ValueError(f"{name} is {value!r}; it can be {', '.join(most)} or {last}")


def check_text(name: str, value: object) -> None:
    """Text for one line of a message (RFC 3261 §25.1): no control characters, nothing that is not Unicode."""
    if not isinstance(value, str):
        raise ValueError(f"{name} is {value!r}; it can be any text")
    if any(char in value for char in "\r\n"):
        raise Malformed("RFC 3261 §7.3.1: a header field or reason has no line break", f"{name}: {value}")
    if any((char < " " and char != "\t") or char == "\x7f" or "\ud800" <= char <= "\udfff" for char in value):
        raise Malformed("RFC 3261 §25.1: a header field or reason has no control characters", f"{name}: {value}")


def check_headers(headers: object) -> None:
    """Pairs of name and value that a message may carry besides ours."""
    if not isinstance(headers, list | tuple):
        raise ValueError(f'headers is {headers!r}; it can be pairs such as [("X-Id", "7")]')
    for pair in headers:
        if not isinstance(pair, list | tuple) or len(pair) != 2 or not isinstance(pair[0], str):
            raise ValueError(f'{pair!r} is no header field; it can be a pair such as ("X-Id", "7")')
        name, value = pair
        check_text(name, value)
        if not is_token(name):
            raise Malformed("RFC 3261 §25.1: the name of a header field is a token", name)
        if name.lower() in OURS:
            raise Malformed("this header field is written by session_fsm and cannot be given", name)


def check_digits(digits: object) -> None:
    """Digits that a telephone can send."""
    if not isinstance(digits, str) or not digits:
        raise ValueError(f"digits is {digits!r}; it can be text such as '12#'")
    wrong = next((digit for digit in digits if digit not in DIGITS), None)
    if wrong is not None:
        raise ValueError(f"digits is {digits!r}, and {wrong!r} is no digit; it can hold 0 to 9, *, #, A to D and !")


def check_milliseconds(name: str, value: object, first: int, last: int) -> None:
    """A whole number of milliseconds within bounds."""
    if not isinstance(value, int) or isinstance(value, bool) or not first <= value <= last:
        raise ValueError(f"{name} is {value!r}; it can be {first} to {last} milliseconds")


def check_status(what: str, status: object, first: int, last: int) -> None:
    """The status of a final response."""
    if not isinstance(status, int) or not first <= status <= last:
        raise ValueError(f"{status!r} is not possible: a {what} is {first} to {last}")


def direction_of(value: object) -> MediaDirection:
    """A direction, also by its name."""
    if type(value) is MediaDirection:
        return value
    check_one_of("direction", value, tuple(MediaDirection))
    return MediaDirection(str(value))


def check_host(host: str, given: str) -> None:
    """A host that a call can go to: a name, or the address of a single host."""
    why = why_no_peer(host)
    if why is not None:
        raise Malformed(f"only a single host can be called: {why}", given)


def any_uri(text: object) -> SipUri | OtherUri:
    """A URI of any scheme, as a redirection may name one (RFC 3261 §20.10), or Malformed with examples."""
    if not isinstance(text, str):
        raise ValueError(f"{text!r} is no URI; it can be text such as sip:bob@127.0.0.1:5070 or tel:+15551234")
    try:
        return parse_uri(text)
    except Malformed as error:
        raise Malformed(f"{error.rule}; a URI is written like sip:bob@127.0.0.1:5070 or tel:+15551234", text) from None


def sip_uri(text: object) -> SipUri:
    """A SIP URI, or Malformed with an example of one."""
    if not isinstance(text, str):
        raise ValueError(f"{text!r} is no SIP URI; it can be text such as sip:bob@127.0.0.1:5070")
    try:
        return SipUri.parse(text)
    except Malformed as error:
        raise Malformed(f"{error.rule}; a SIP URI is written like sip:bob@127.0.0.1:5070", text) from None
