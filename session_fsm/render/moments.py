"""What one side's trace says, in order: messages that left, messages that came, and states that were entered.

A message leaves where a row sends and no transaction does it for that row. It comes with an event from outside whose
payload names the message (Call-ID, CSeq, branch).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from session_fsm.chart import START, Seconds
from session_fsm.machine import TraceRow
from session_fsm.machine.trace import summary
from session_fsm.sip import reason_of

Kind = Literal["sent", "heard", "packet", "state"]

# Media edges that are packets of the peer, with what a picture calls them.
PACKETS = {
    "first_frame": "first RTP packet",
    "rtcp_received": "first RTCP packet",
    "report_received": "RTCP report",
    "flow_resumed": "RTP again",
}


class Key(NamedTuple):
    """What a message has in common in both traces. None where a side does not say it."""

    method: str
    status: int | None = None
    cseq: int | None = None
    branch: str | None = None

    def fits(self, other: Key) -> bool:
        """Whether both may be the same message: where both sides say something, they say the same."""
        return (self.method, self.status) == (other.method, other.status) and all(
            ours == theirs for ours, theirs in zip(self[2:], other[2:], strict=True) if None not in (ours, theirs)
        )

    def __str__(self) -> str:
        return self.method if self.status is None else f"{self.status} {reason_of(self.status)}"


@dataclass(slots=True, eq=False)
class Moment:
    """One thing that a picture may show."""

    kind: Kind
    time: Seconds
    label: str
    key: Key | None = None
    partner: Moment | None = field(default=None, repr=False)
    "The same message on the other side."


def moments(rows: Sequence[TraceRow], charts: Iterable[str] = ("media",)) -> list[Moment]:
    """One side's moments, in order; states are shown of machines of these charts."""
    reading = _Reading(rows, frozenset(charts))
    for row in rows:
        reading.take(row)
    return reading.found


class _Reading:
    """Goes once over a trace. Knows what is open: a server's request, a machine's last response, what was postponed."""

    def __init__(self, rows: Sequence[TraceRow], charts: frozenset[str]) -> None:
        self.found: list[Moment] = []
        self.charts = charts
        self.by_cause: dict[int, list[TraceRow]] = {}
        # The row from outside that everything in a turn follows from, and what the turn told the application.
        self.root: dict[int, int] = {}
        self.said: dict[int, list[str]] = {}
        for row in rows:
            self.root[row.n] = self.root.get(row.cause, row.cause) if row.cause is not None else row.n
            self.said.setdefault(self.root[row.n], []).extend(name for kind, name in row.effects if kind == "emit")
            if row.cause is not None:
                self.by_cause.setdefault(row.cause, []).append(row)
        self.sent: dict[str, list[Key]] = {}
        self.waiting: set[tuple[str, str]] = set()
        self.opened: tuple[Seconds, int] | None = None

    def take(self, row: TraceRow) -> None:
        if row.event == START:
            # Transactions of one purpose have one label; each begins anew.
            self.sent.pop(row.machine, None)
            if row.chart.endswith("_server"):
                self.opened = (row.time, len(self.found))
        if row.cause is None:
            self._heard(row)
        for key, again in self._left(row):
            words = [str(key), self._carries(row, key), "again" if again else ""]
            self.found.append(Moment("sent", row.time, " ".join(filter(None, words)), key))
        if row.chart in self.charts and row.from_state != row.to_state and row.event != START:
            self.found.append(Moment("state", row.time, f"{row.chart.capitalize()} {row.to_state}"))

    def _heard(self, row: TraceRow) -> None:
        if row.event in PACKETS:
            self._packet(row)
            return
        key = _key(summary(row.payload))
        # A response that we are about to send comes from outside too, when no call stands behind its transaction.
        if key is None or row.event == START or row.event.startswith("send_"):
            return
        # A server transaction may have answered before the trace names the request that opened it.
        at = len(self.found)
        if self.opened is not None and self.opened[0] == row.time and key.status is None:
            at = self.opened[1]
        self.opened = None
        self.found.insert(at, Moment("heard", row.time, str(key), key))

    def _packet(self, row: TraceRow) -> None:
        """A packet that was postponed comes back as an event of its own, and is not another packet."""
        place = (row.machine, row.event)
        if place in self.waiting:
            self.waiting -= set() if row.verdict == "postponed" else {place}
            return
        if row.verdict == "postponed":
            self.waiting.add(place)
        self.found.append(Moment("packet", row.time, PACKETS[row.event]))

    def _left(self, row: TraceRow) -> Iterable[tuple[Key, bool]]:
        """The messages that leave in this row, and whether each is a repetition."""
        names = [name for kind, name in row.effects if kind == "send"]
        for other in self.by_cause.get(row.n, ()):
            if names and any(kind == "send" for kind, _ in other.effects):
                names.remove(_done_by(other, names))
        for name in names:
            key = self._sent_key(row, name)
            if key is None:
                continue
            before = self.sent.setdefault(row.machine, [])
            yield key, key in before
            before.append(key)

    def _sent_key(self, row: TraceRow, name: str) -> Key | None:
        purpose = _purpose(row)
        method = "BYE" if purpose.startswith("BYE") else purpose.removeprefix("re-")
        told = summary(row.payload)
        if row.chart.endswith("_client"):
            known = _key(told) if row.event == START else None
            return _ack(told) if name == "ACK" else known or Key(method or name)
        if name == "2xx":
            return Key(method, 200)
        if row.chart.endswith("_server"):
            if name == "last":
                return next(reversed(self.sent.get(row.machine, ())), None)
            status = told.get("status") if isinstance(told, dict) else None
            return Key(method, status if isinstance(status, int) else int(name) if name.isdigit() else None)
        if name == "ACK":
            return _ack(told)
        return Key("INVITE", int(name)) if name.isdigit() else Key(name.removeprefix("re-"))

    def _carries(self, row: TraceRow, key: Key) -> str:
        """What the message carries, as the same turn told the application: an offer or an answer."""
        said = self.said.get(self.root[row.n], ())
        if key.method == "ACK" or (key.method == "INVITE" and (key.status is None or 100 < key.status < 300)):
            for half in ("offer", "answer"):
                if f"SdpEvent:{half}_sent" in said:
                    return f"({half})"
        return ""


def _ack(told: object) -> Key:
    """RFC 3261 §13.2.2.4, §17.1.1.3: an ACK has the CSeq number of the response that it answers."""
    answered = _key(told)
    return Key("ACK", cseq=answered.cseq if answered else None)


def _done_by(transaction: TraceRow, names: Sequence[str]) -> str:
    """Which of a row's messages a transaction sends for it."""
    told = summary(transaction.payload)
    status = str(told.get("status")) if isinstance(told, dict) else ""
    purpose = _purpose(transaction)
    return next((name for name in names if name in (status, purpose) or purpose.startswith(name)), names[-1])


def _purpose(transaction: TraceRow) -> str:
    """What a transaction is for; the second of one purpose has a number behind it."""
    purpose = transaction.machine.partition(":")[2]
    bare, _, number = purpose.rpartition(".")
    return bare if number.isdigit() else purpose


def _key(told: object) -> Key | None:
    """A message's key from the summary of a payload; None when it is no message."""
    if not isinstance(told, dict) or "call_id" not in told:
        return None
    number, _, method = str(told.get("cseq", "")).partition(" ")
    status = told.get("status")
    return Key(
        str(told.get("method", method)),
        status if isinstance(status, int) else None,
        int(number) if number.isdigit() else None,
        str(told["branch"]) if told.get("branch") else None,
    )
