"""Our caller and our callee against a peer that may say anything at any time: not one of our charts.

What the peer might say is in the network from the beginning and for ever: every response to every request that we may
send, and every request within the dialog, in any order and as often as it likes. So nothing has to be assumed of peers
of other makes, and a state is where our side stands and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from session_fsm.chart import Chart
from session_fsm.explore.abstract import RTCP, RTP, Event, Facts, Message, Outcome, Place, Side, branch_of, other
from session_fsm.explore.calling import Bound, CallSide
from session_fsm.explore.rules import Rules
from session_fsm.explore.turn import Sink

OFFER, ANSWER = "offer:sendrecv", "answer:sendrecv"
TO_INVITE = (
    *((status, "") for status in (100, 180, 200, 481, 486, 491)),
    *((status, sdp) for status in (183, 200) for sdp in (OFFER, ANSWER)),
)
"(status, description) of what may come to an INVITE."
TO_OTHERS = {
    "BYE": ((200, ""), (481, "")),
    "CANCEL": ((200, ""), (481, "")),
    "UPDATE": ((200, ANSWER), (200, ""), (481, ""), (491, "")),
}
WITHIN = (
    *(("BYE", ""), ("INVITE", ""), ("INVITE", OFFER)),
    *(("OPTIONS", ""), ("INFO", ""), ("UPDATE", ""), ("UPDATE", OFFER)),
)
"(method, description) of what may come within the dialog."
METHODS = ("INVITE", "ACK", *sorted({method for method, _ in WITHIN} - {"INVITE"}))
"Each has branches of its own."
APART = 10_000  # what is added to a stranger's branches, so that none is like one of ours


class StrangerSide:
    """Whoever says everything at once, and hears nothing."""

    def __init__(self, charts: Sequence[Chart], side: Side, said: Iterable[Message]) -> None:
        self.rules = Rules(charts, side)
        self.taken: set[tuple[str, str]] = set()
        self.said = tuple(said)

    def start(self) -> Place:
        """Nothing was said."""
        return Place((), Facts())

    def own(self, place: Place) -> Iterator[Event]:
        """To say everything, once and for ever."""
        if self.said and not place.facts.local_seq:
            yield Event("command", "says everything")

    def heard(self, place: Place, message: Message) -> Iterable[Event]:
        """It hears nothing."""
        return ()

    def deaf(self, place: Place, messages: Sequence[Message]) -> Iterable[bool]:
        """To everything."""
        return (True for _ in messages)

    def gives_up(self, event: Event) -> bool:
        """Never."""
        return False

    def outcomes(self, place: Place, event: Event) -> list[Outcome]:
        """Everything is said."""
        return [Outcome(Place((), Facts(local_seq=1)), self.said, ())]

    def told(self, place: Place, event: Event, script: Sequence[int], sink: Sink) -> Outcome:
        """There is no machine that could be traced, and too much to be listed."""
        return self.outcomes(place, event)[0]._replace(sent=())


class OpenSide(CallSide):
    """The caller or the callee, who keeps no copies of requests apart: the stranger may send one again as a new one."""

    def __init__(self, charts: Sequence[Chart], side: Side, bound: Bound, said: Sequence[Message]) -> None:
        super().__init__(charts, side, bound)
        self.meaning.forgets = True
        self._said = said
        self._noticed: dict[int, tuple[Place, set[Message]]] = {}
        "Each place, and what can do something there; found by the place's identity, because to hash it takes longer."

    def heard(self, place: Place, message: Message) -> list[Event]:
        """What it may be now; a description is what it is read as, whatever the stranger means by it."""
        if message.method == "INVITE" and message.status and message.sdp:
            read_as = "answer" if place.facts.offering or message.cseq > 1 else "offer"
            if not message.sdp.startswith(read_as):
                return []
        if id(place) not in self._noticed:
            deaf = super().deaf(place, self._said)
            noticed = {one for one, is_deaf in zip(self._said, deaf, strict=True) if not is_deaf}
            self._noticed[id(place)] = (place, noticed)  # which keeps the place, and so its identity
        return super().heard(place, message) if message in self._noticed[id(place)][1] else []

    def deaf(self, place: Place, messages: Sequence[Message]) -> Iterator[bool]:
        """To nothing: all can be said again."""
        return (False for _ in messages)


def everything(side: Side, numbers: int) -> Iterator[Message]:
    """What a peer may say in calls with so many requests of ours."""
    us = other(side)
    for number in range(1, numbers + 1):
        for status, sdp in TO_INVITE:
            yield Message(side, "INVITE", status, number, branch_of(us, number), status > 100, sdp)
        for method, responses in TO_OTHERS.items():
            for status, sdp in responses:
                yield Message(side, method, status, number, branch_of(us, number), True, sdp)
    for number in (1, 2):
        for method, sdp in WITHIN:
            yield Message(side, method, 0, number, _own_branch(side, method, number), True, sdp)
        yield Message(side, "CANCEL", 0, number, _own_branch(side, "INVITE", number), number > 1)
        for sdp in ("", ANSWER):
            yield Message(side, "ACK", 0, number, _own_branch(side, "ACK", number), True, sdp)
        yield Message(side, "ACK", 0, number, _own_branch(side, "INVITE", number), True)
    if side == "uac":
        for sdp in ("", OFFER):
            yield Message(side, "INVITE", 0, 1, branch_of(side, 1), False, sdp)
    for packet in (RTP, RTCP):
        yield Message(side, packet)


def _own_branch(side: Side, method: str, number: int) -> int:
    """The first INVITE's is what our side expects; another request has its own."""
    if method == "INVITE" and number == 1 and side == "uac":
        return branch_of(side, 1)
    return APART + 100 * METHODS.index(method) + branch_of(side, number)
