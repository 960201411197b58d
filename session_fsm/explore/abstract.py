"""What the explorer keeps of messages and of a call: small values in place of octets, addresses and descriptions.

A tag is 1 for the caller, 2 for the callee, 3 for one more that a fork reached; the Call-ID is 1, a branch is a small
number that follows from the sender and the CSeq number. Of a session description only its direction is kept, and
whether it offers or answers; whether the reader can agree with it is left open and tried both ways.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from session_fsm.sdp import MediaDirection
from session_fsm.session.matching import Identity

Side = Literal["uac", "uas"]
SIDES: tuple[Side, Side] = ("uac", "uas")
FORKED = 256  # what is added to a branch for each fork, so that no two are equal
CALL_ID = 1

DIRECTIONS = tuple(str(direction) for direction in MediaDirection)
NARROWED = {(str(a), str(b)): str(a.narrowed_by(b)) for a in MediaDirection for b in MediaDirection}
"(our wish, the peer's) -> what is left of ours."
REVERSED = {str(direction): str(direction.reversed) for direction in MediaDirection}
SENDS = frozenset(str(direction) for direction in MediaDirection if direction.sends)
RECEIVES = frozenset(str(direction) for direction in MediaDirection if direction.receives)

RTP, RTCP = "RTP", "RTCP"
PACKETS = {RTP: ("first_frame", "flow_resumed"), RTCP: ("report_received",)}
"What media packets raise in `media.toml`."


def tag_of(side: Side, fork: int = 0) -> int:
    """The tag of a side; each callee that a fork reached has one of its own."""
    return 1 if side == "uac" else 2 + fork


def other(side: Side) -> Side:
    """The side across the network."""
    return "uas" if side == "uac" else "uac"


class Message(NamedTuple):
    """One message, with all that tells it from another. Equal messages are the same element of the network's set."""

    sender: Side
    method: str
    "Of a response, the method in CSeq."
    status: int = 0
    "0 for a request."
    cseq: int = 0
    branch: int = 0
    to_tag: bool = False
    "Whether the To header has a tag."
    sdp: str = ""
    "`offer:sendrecv`, `answer:inactive` and so on; empty without a description."
    lost: bool = False
    "Sent to somebody who is not in the model: a redirected INVITE."
    fork: int = 0
    "Which of several callees sent it, or is meant."
    note: str = ""
    "What else of it matters where no call is explored: that a nonce is stale, that a digit has ended."

    @property
    def is_packet(self) -> bool:
        """Whether it is RTP or RTCP."""
        return self.method in PACKETS

    @property
    def direction(self) -> str:
        """The direction in its description."""
        return self.sdp.partition(":")[2]

    def __str__(self) -> str:
        name = f"{self.status} ({self.method})" if self.status else self.method
        number = "" if self.is_packet else f" {self.cseq}"
        fork = f" of fork {self.fork + 1}" if self.fork else ""
        said = self.sdp or self.note
        return f"{name}{number}{f' [{said}]' if said else ''}{fork}"

    def identity(self) -> Identity:
        """For `session.matching`, from the receiver's side."""
        ours, theirs = tag_of(other(self.sender), self.fork), tag_of(self.sender, self.fork)
        if self.status:
            return Identity(
                False, self.method, self.branch, self.sender, CALL_ID, ours, theirs if self.to_tag else None, self.cseq
            )
        local = ours if self.to_tag else None
        return Identity(True, self.method, self.branch, self.sender, CALL_ID, local, theirs, self.cseq)

    def summary(self) -> dict[str, object]:
        """What a trace says of it, in the form of a real message's."""
        if self.is_packet:
            return {"packet": self.method}
        tags = [f"tag-{side}" for side in SIDES]
        asker = self.sender if not self.status else other(self.sender)
        from_tag, to_tag = (tags[SIDES.index(asker)], tags[SIDES.index(other(asker))])
        return {
            **({"status": self.status} if self.status else {"method": self.method}),
            "call_id": str(CALL_ID),
            "cseq": f"{self.cseq} {self.method}",
            "branch": f"z9hG4bK-{self.branch}",
            "from_tag": from_tag,
            "to_tag": to_tag if self.to_tag else None,
            **({"sdp": self.sdp} if self.sdp else {}),
            **({"says": self.note} if self.note else {}),
        }


def branch_of(sender: Side, cseq: int, *, ack: bool = False, fork: int = 0) -> int:
    """A branch for each request; the ACK to a 2xx has one of its own (RFC 3261 §13.2.2.4)."""
    return FORKED * fork + 4 * cseq + 2 * ack + SIDES.index(sender)


class Key(NamedTuple):
    """Which machine of a side: of the call's own charts there is one each, of transactions and answers several."""

    chart: str
    purpose: str = ""
    branch: int = 0
    cseq: int = 0
    to_tag: bool = False
    "Whether the request of a server transaction had a To tag."
    fork: int = 0
    "Of a dialog: with which of several callees."

    def __str__(self) -> str:
        fork = f":{self.fork + 1}" if self.fork else ""
        return f"{self.chart}:{self.purpose}" if self.purpose else f"{self.chart}{fork}"

    @property
    def label(self) -> str:
        """A name that no other machine of the side has; what stands before the first `#` is as of a real one."""
        return f"{self}#{self.branch}.{self.cseq}.{self.to_tag:d}"


class Stand(NamedTuple):
    """Where one machine stands."""

    state: str
    timers: tuple[str, ...] = ()
    "Those that run, as far as it matters."
    postponed: tuple[str, ...] = ()
    "Oldest first. What came with an event is forgotten: no row of a postponed event looks at it."


Lingers = Literal["", "loosely", "firmly"]


class Facts(NamedTuple):
    """What the guards of a call look at and its effects write."""

    local_seq: int = 0
    remote_seq: int = 0
    offering: bool = True
    incoming: str = ""
    "UAS: what the INVITE brought: `offerless`, `bad`, the direction of an offer that we can answer; empty before it."
    tried: int = 0
    "How many redirections were followed."
    won: bool = False
    dialog: int = 0
    "The fork whose dialog counts: the first, and then the winner's."
    adopted: int = 0
    "The fork whose description was adopted."
    fork_seq: int = 0
    "As `remote_seq`, of the second fork's dialog."
    ack: str = ""
    "The ACK to the first 2xx once it was sent: `plain`, or its description."
    local: str = "sendrecv"
    "Our wish, as the last offer or command has it."
    offered: str = ""
    "The direction of our last offer; empty when there is none."
    wanted: str = ""
    "What our last re-INVITE offered, or offers again after glare."
    waiting: tuple[str, ...] = ()
    "What the re-INVITEs that have to wait are to offer, oldest first."
    prepared: str = ""
    "The direction of the answer that is ready to be sent."
    agreement: str = ""
    open: str = ""
    "The direction that the media plane was last told."
    established: bool = False
    "The media have been Established."
    reinvites: int = 0
    "How many the application may still ask for."
    reoffer_seq: int = 0
    "CSeq number of our last re-INVITE."
    answer_seq: int = 0
    "CSeq number of the last INVITE that we answered with a 2xx."
    retries: int = 0
    "How often it may still try again after glare."
    absorbed: tuple[Key, ...] = ()
    "Server transactions that are only there for copies of their request, sorted."
    lingers: Lingers = ""
    "Whether a client transaction is only there for copies, and keeps the session; loosely: until a transport fails."
    busy: bool = False
    "A server transaction that nobody hears may still await its ACK, and keep the session until it comes."
    apart: tuple[object, ...] = ()
    "What is kept where no call is explored: the NamedTuple of that product."


class Place(NamedTuple):
    """Where one side stands. Machines are sorted by key."""

    machines: tuple[tuple[Key, Stand], ...]
    facts: Facts
    others: tuple[Place, ...] = ()
    "Of several callees that one INVITE reached: where the others stand."

    @property
    def each(self) -> tuple[Place, ...]:
        """Where each of several callees stands."""
        return (Place(self.machines, self.facts), *self.others)


class Event(NamedTuple):
    """One thing that can happen to one side."""

    kind: Literal["message", "timer", "command", "world"]
    name: str
    "The chart's event; for a message its text."
    key: Key | None = None
    "Whose timer, or what world; None when it concerns the side."
    message: Message | None = None
    fork: int = 0
    "Of several callees: which."

    def __str__(self) -> str:
        fork = f" at fork {self.fork + 1}" if self.fork else ""
        if self.kind == "message":
            return f"receives {self.name}{fork}"
        return (self.name if self.kind == "command" or self.key is None else f"{self.name} ({self.key})") + fork


class Outcome(NamedTuple):
    """One thing that an event may lead to."""

    after: Place
    sent: tuple[Message, ...]
    script: tuple[int, ...]
    "Which of the possible values each open question got, in the order in which they were asked."
    faults: tuple[tuple[str, str], ...] = ()
    "(property, what was wrong)."
