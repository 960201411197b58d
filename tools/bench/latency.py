"""How long a caller waits from its INVITE to the 200: a raw socket, one call after the other."""

from __future__ import annotations

import re
import socket
import statistics
import time
from itertools import count

from tools.bench.callees import AGENT, COMPILED, COMPILED_AGENT, HOST, OURS, THEIRS, THEIRS_RTP, callees
from tools.bench.measure import Measure, Row, Table, interleaved
from tools.bench.others import Aiosipua

CALLS = 150  # in a round
TIMEOUT = 2.0

_TAG = re.compile(rb"^To:[^\r]*(;tag=[^\r;]*)", re.MULTILINE | re.IGNORECASE)
_SDP = (
    "v=0\r\no=- 1 1 IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\nm=audio {rtp} RTP/AVP 0 8\r\n"
    "a=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\na=ptime:20\r\na=sendrecv\r\n"
)


class Caller:
    """Makes calls from a socket of its own, as fast as they are answered."""

    def __init__(self, port: int) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((HOST, 0))
        self._socket.settimeout(TIMEOUT)
        self._socket.connect((HOST, port))
        self._ours = self._socket.getsockname()[1]
        self._target = port
        self._numbers = count()
        self.waits: list[float] = []

    def call(self) -> float:
        """One whole call; returns the seconds from INVITE to 200."""
        number = next(self._numbers)
        body = _SDP.format(host=HOST, rtp=self._ours)
        invite = self._request("INVITE", number, 1, body=body)
        start = time.perf_counter()
        self._socket.send(invite)
        answer = self._final()
        waited = time.perf_counter() - start
        found = _TAG.search(answer)
        tag = found[1].decode() if found else ""
        self._socket.send(self._request("ACK", number, 1, tag))
        self._socket.send(self._request("BYE", number, 2, tag))
        self._final()
        self.waits.append(waited)
        return waited

    def close(self) -> None:
        self._socket.close()

    def _final(self) -> bytes:
        while True:
            data = self._socket.recv(65535)
            if data.startswith(b"SIP/2.0 2"):
                return data
            if not data.startswith(b"SIP/2.0 1"):
                raise RuntimeError(f"the callee said {data[:40]!r}")

    def _request(self, method: str, number: int, cseq: int, tag: str = "", body: str = "") -> bytes:
        us, them = f"{HOST}:{self._ours}", f"{HOST}:{self._target}"
        kind = "Content-Type: application/sdp\r\n" if body else ""
        return (
            f"{method} sip:bench@{them} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP {us};rport;branch=z9hG4bK{method}{number}.{self._ours}\r\n"
            f"Max-Forwards: 70\r\nFrom: <sip:caller@{us}>;tag=t{number}\r\nTo: <sip:bench@{them}>{tag}\r\n"
            f"Call-ID: {number}.{self._ours}@{HOST}\r\nCSeq: {cseq} {method}\r\nContact: <sip:caller@{us}>\r\n"
            f"{kind}Content-Length: {len(body)}\r\n\r\n{body}"
        ).encode()


def run(other: Aiosipua) -> Table:
    base = THEIRS if other.python else OURS
    table = Table(name="latency", title="INVITE to 200, median", unit="ms", base=base)
    with callees(other, with_sipp=False) as running:
        callers = {name: Caller(child.port) for name, child in running.items()}
        try:
            for caller in callers.values():
                caller.call()
                caller.waits.clear()
            table.rows = interleaved({name: _median(caller) for name, caller in callers.items()}, base=base)
            for row in table.rows:
                _add_percentiles(row, callers[row.name].waits)
        finally:
            for caller in callers.values():
                caller.close()
    table.must("INVITE to 200, compiled, of aiosipua's", COMPILED, THEIRS, 1.5)
    table.must("INVITE to 200, pure Python, of aiosipua's", OURS, THEIRS, 1.5)
    table.must("INVITE to 200 with RTP, compiled, of aiosipua's with aiortp", COMPILED_AGENT, THEIRS_RTP, 1.5)
    table.must("INVITE to 200 with RTP, pure Python, of aiosipua's with aiortp", AGENT, THEIRS_RTP, 1.5)
    table.notes.append(f"{CALLS} calls in each round, one after the other, from a plain socket")
    return table


def _median(caller: Caller) -> Measure:
    return lambda: statistics.median(caller.call() for _ in range(CALLS)) * 1000


def _add_percentiles(row: Row, waits: list[float]) -> None:
    row.more["p99"] = statistics.quantiles(waits, n=100)[98] * 1000
