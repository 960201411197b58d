"""Reading takes time linear in the datagram, whatever a peer puts in it.

Each text is read at one size and at four times that size. Linear work takes four times as long, quadratic work sixteen
times; the bound lies between.
"""

from __future__ import annotations

import gc
import time

import pytest

from session_fsm.sip import Echo, Rejected, Request, Response, Verdict, read

VIA = "SIP/2.0/UDP h.example;branch=z9hG4bKx"


def message(via: str = VIA, from_: str = "<sip:a@b>;tag=1", rest: str = "") -> bytes:
    fields = f"Via: {via}\r\nFrom: {from_}\r\nTo: <sip:c@d>\r\nCall-ID: i\r\nCSeq: 1 INVITE\r\n{rest}"
    return f"INVITE sip:x@y SIP/2.0\r\n{fields}\r\n".encode()


HOSTILE = {
    "many Via fields": lambda n: message(rest=f"Via: {VIA}\r\n" * (n // 40)),
    "one list of Vias": lambda n: message(via=", ".join([VIA] * (n // 40))),
    "commas": lambda n: message(via="," * n),
    "commas and blanks": lambda n: message(via=", " * (n // 2)),
    "commas and brackets": lambda n: message(via="<" + ">,<" * (n // 3)),
    "commas in Contact": lambda n: message(rest="Contact: " + "," * n + "\r\n"),
    "commas in Require": lambda n: message(rest="Require: " + "a," * (n // 2) + "\r\n"),
    "open parentheses": lambda n: message(from_="(" * n),
    "nested comments": lambda n: message(rest="User-Agent: " + "(" * (n // 2) + ")" * (n // 2) + "\r\n"),
    "open brackets": lambda n: message(from_="<" * n),
    "brackets in pairs": lambda n: message(from_="<>" * (n // 2)),
    "an open quote": lambda n: message(from_='"' + "a" * n),
    "quotes": lambda n: message(from_='"' * (n + 1)),
    "backslashes in quotes": lambda n: message(from_='"' + "\\" * n),
    "quoted pairs": lambda n: message(from_='"' + '\\"' * (n // 2) + '" <sip:a@b>;tag=1'),
    "quotes and commas": lambda n: message(via='a;b="' + '","' * (n // 3)),
    "semicolons": lambda n: message(from_="<sip:a@b>" + ";" * n),
    "many parameters": lambda n: message(from_="<sip:a@b>" + "".join(f";p{k}=v" for k in range(n // 8))),
    "one parameter over and over": lambda n: message(from_="<sip:a@b>" + ";p=v" * (n // 4)),
    "equals signs": lambda n: message(via="SIP/2.0/UDP h;a" + "=" * n),
    "blanks in Via": lambda n: message(via="SIP" + " " * n + "/2.0/UDP h"),
    "blanks in From": lambda n: message(from_="a" + " " * n + "b"),
    "blanks before a parameter": lambda n: message(from_="<sip:a@b>" + " " * n + "x"),
    "blanks behind a value": lambda n: message(rest="Subject: a" + " " * n + "b\r\n"),
    "blanks and a fold": lambda n: message(rest="Subject: a" + " " * n + "b\r\n c\r\n"),
    "blanks in the start line": lambda n: b"INVITE " + b" " * n + b"sip:x@y SIP/2.0\r\n\r\n",
    "folds": lambda n: message(rest="Subject: a" + "\r\n b" * (n // 4) + "\r\n"),
    "empty folds": lambda n: message(rest="Subject: a" + "\r\n " * (n // 3) + "\r\n"),
    "folds with LF": lambda n: message(rest="Subject: a" + "\n b" * (n // 3) + "\r\n"),
    "line breaks": lambda n: b"x" + b"\r\n" * (n // 2),
    "line breaks before": lambda n: b"\r\n" * (n // 2) + message(),
    "CR": lambda n: b"x" + b"\r" * n,
    "LF": lambda n: b"x\ny" + b"\n" * n,
    "lines without a colon": lambda n: message(rest="a\r\n" * (n // 3)),
    "colons": lambda n: message(rest=":" * n + "\r\n"),
    "many unknown fields": lambda n: message(rest="".join(f"X-{k}: v\r\n" for k in range(n // 8))),
    "one unknown field over and over": lambda n: message(rest="X-A: v\r\n" * (n // 8)),
    "a long header name": lambda n: message(rest="a" * n + ": b\r\n"),
    "digits in CSeq": lambda n: message().replace(b"1 INVITE", b"9" * n + b" INVITE"),
    "digits in Content-Length": lambda n: message(rest="l: " + "9" * n + "\r\n"),
    "digits in Expires": lambda n: message(rest="Expires: " + "9" * n + "\r\n"),
    "digits in Max-Forwards": lambda n: message(rest="Max-Forwards: " + "9" * n + "\r\n"),
    "zeros in CSeq": lambda n: message().replace(b"1 INVITE", b"0" * n + b"1 INVITE"),
    "digits in a port": lambda n: message(via="SIP/2.0/UDP h:" + "9" * n),
    "a port of a URI": lambda n: message(from_="<sip:a@b:" + "9" * n + ">"),
    "a status of digits": lambda n: b"SIP/2.0 " + b"2" * n + b" OK\r\n\r\n",
    "a long host": lambda n: message(from_="<sip:" + "a." * (n // 2) + ">"),
    "a host of hyphens": lambda n: message(from_="<sip:a" + "-" * n + ">"),
    "colons in an IPv6 address": lambda n: message(from_="<sip:[" + ":" * n + "]>"),
    "a long user": lambda n: message(from_="<sip:" + "a" * n + "@b>"),
    "percent signs": lambda n: message(from_="<sip:" + "%41" * (n // 3) + "%@b>"),
    "at signs": lambda n: message(from_="<sip:" + "@" * n + ">"),
    "parameters of a URI": lambda n: message(from_="<sip:b" + ";a=b" * (n // 4) + ">"),
    "parameters of a URI without end": lambda n: message(from_="<sip:b" + ";a" * (n // 2) + '">'),
    "headers of a URI": lambda n: message(from_="<sip:b?" + "a=b&" * (n // 4) + "a>"),
    "ampersands of a URI": lambda n: message(from_="<sip:b?" + "&" * n + ">"),
    "octets that are no UTF-8": lambda n: message().replace(b"<sip:a@b>", b'"' + b"\xff" * n + b'" <sip:a@b>'),
    "slashes": lambda n: message(via="/" * n),
    "words before no bracket": lambda n: message(from_="a " * (n // 2)),
    "a list of open quotes": lambda n: message(rest="Contact: " + '<sip:a@b>,"' * (n // 11) + "\r\n"),
    "nothing but NUL": lambda n: b"\0" * n,
    "nothing but letters": lambda n: b"a" * n,
}


def everything(datagram: bytes) -> Verdict:
    """The verdict and what is done with it."""
    verdict = read(datagram)
    request = getattr(verdict, "request", None) or getattr(verdict, "message", None)
    if isinstance(request, Request | Response):
        request.summary()
        for name in ("Contact", "Require", "Warning", "User-Agent"):
            request.get_all(name)
        _ = (request.require, request.allow, request.accept, request.expires, request.retry_after)
    if isinstance(request, Request):
        Echo(request, "tag", received_from=("192.0.2.1", 5060)).response(400 if isinstance(verdict, Rejected) else 200)
    return verdict


def cost(datagram: bytes, attempts: int = 3) -> float:
    """CPU seconds, the best of a few attempts: a busy machine can only make it look slower."""
    best = float("inf")
    gc.disable()  # a collection in one of the two sizes would be all that is seen
    try:
        for _ in range(attempts):
            begin = time.process_time()
            everything(datagram)
            best = min(best, time.process_time() - begin)
    finally:
        gc.enable()
    return best


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_four_times_the_text_takes_about_four_times_as_long(text):
    """64 kB is what a datagram can hold; a quarter of it must take about a quarter of the time."""
    small, large = text(16_000), text(64_000)

    # Below a millisecond the clock's grain is all there is to see, and a quadratic parser would be far above it.
    assert cost(large) < max(8 * cost(small), 0.001)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_no_datagram_takes_long(text):
    """The worst of them costs a few milliseconds a kilobyte at most."""
    assert cost(text(64_000), attempts=2) < 0.5
