"""Digits in INFO bodies, as they are written and as they are found in the wild."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_fsm.sip.dtmf_info import DIGITS, PLAIN, RELAY, InfoDigit, encode_digit, parse_digit


@given(st.sampled_from(sorted(DIGITS)), st.integers(40, 8000))
def test_what_is_written_is_read(digit: str, duration: int):
    assert InfoDigit(digit, duration) == parse_digit(RELAY, encode_digit(digit, duration))


@given(st.sampled_from([RELAY, PLAIN, "text/plain", None]), st.binary(max_size=300))
def test_any_octets_are_a_digit_or_none(kind: str | None, body: bytes):
    """Never an exception, and never a digit that is none."""
    found = parse_digit(kind, body)

    assert found is None or found.digit in DIGITS


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"Signal=1\r\nDuration=100", InfoDigit("1", 100)),
        (b"Signal=1\nDuration=100\n", InfoDigit("1", 100)),
        (b"Duration=100\r\nSignal=1\r\n", InfoDigit("1", 100)),
        (b"Signal=flash\r\n", InfoDigit("!", None)),
        (b"Signal=1\r\nDuration=" + b"9" * 100, InfoDigit("1", None)),
        (b"Signal=1\r\nDuration=99999", InfoDigit("1", 65535)),
        (b"Signal=1\r\nDuration=-5", InfoDigit("1", None)),
        (b"Signal=", None),
        (b"Signal=17", None),
        (b"Signal=12\r\nDuration=1", InfoDigit("A", 1)),
        (b"5", None),
    ],
)
def test_the_relay_form(body: bytes, expected: InfoDigit | None):
    assert expected == parse_digit(RELAY, body)
