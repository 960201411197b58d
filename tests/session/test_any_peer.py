"""A peer that says anything well formed at any time: every answer, fork, offer and request, in every order."""

from __future__ import annotations

from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st
from test_any_order import LADDER, OVER

from session_fsm.errors import LocalProtocolError
from session_fsm.machine import replay
from session_fsm.sdp import MediaDirection
from session_fsm.session.building import shipped_charts
from session_fsm.testing import Leftovers, Line, Network, Phone, ScriptedPeer

STATUSES = (100, 180, 183, 183, 200, 200, 200, 302, 408, 481, 486, 491, 500, 603)
METHODS = ("INVITE", "INVITE", "ACK", "ACK", "BYE", "CANCEL", "OPTIONS", "UPDATE", "DANCE")
TAGS = ("one", "two", "three")


class Babble:
    """A phone and a peer that answers and asks whatever the numbers say."""

    def __init__(self) -> None:
        self.phone = Phone("alice", "10.0.0.1")
        self.peer = ScriptedPeer("peer", "10.0.0.9")
        self.net = Network(self.phone, self.peer)

    def bodies(self) -> list[bytes]:
        peer = self.peer
        return [
            b"",
            peer.sdp(),
            peer.sdp(port=4002, version=2),
            *(peer.sdp(direction, version=3) for direction in MediaDirection),
            peer.sdp().replace(b"RTP/AVP 0 8", b"RTP/AVP 18"),
            b"v=0\r\nnonsense\r\n",
        ]

    def say(self, n: int) -> None:
        """One of the things that the peer or the application can do now."""
        n, kind = divmod(n, 8)
        if kind < 3:
            self.answer(n)
        elif kind < 6:
            self.ask(n)
        elif kind == 6:
            self.command(n)
        else:
            self.net.run_for((0.05, 0.6, 5.0, 33.0)[n % 4])
        self.net.deliver()

    def answer(self, n: int) -> None:
        """Answer one of the requests that came, whatever was said to it before."""
        asked = [datagram for datagram in self.peer.received if datagram.status is None and datagram.method != "ACK"]
        if not asked:
            return
        n, which = divmod(n, 3)
        n, status = divmod(n, len(STATUSES))
        n, tag = divmod(n, len(TAGS))
        bodies = self.bodies()
        contact = [("Contact", "<sip:else@10.0.0.9>")] if STATUSES[status] == 302 else []
        request = asked[-1 - which % len(asked)]
        self.peer.respond(
            request, STATUSES[status], tag=TAGS[tag], body=bodies[n % len(bodies)], contact=not contact, headers=contact
        )

    def ask(self, n: int) -> None:
        """Ask something within one of the phone's calls, or outside."""
        n, method = divmod(n, len(METHODS))
        n, cseq = divmod(n, 6)
        n, branch = divmod(n, 4)
        bodies = self.bodies()
        n, body = divmod(n, len(bodies))
        known = self.phone.lines[n % (len(self.phone.lines) + 1) - 1] if self.phone.lines else None
        tag = known.session.local_tag if known is not None and n % 5 else None
        if known is not None and known.role == "UAC":
            self.peer.tag = TAGS[n % 3]
        else:
            self.peer.tag = "peer-tag"
        self.peer.request(
            METHODS[method],
            self.phone,
            call_id=known.session.call_id if known is not None else "babble",
            cseq=cseq,
            to_tag=tag,
            branch=f"z9hG4bK{branch}" if branch else None,
            body=bodies[body],
        )

    def command(self, n: int) -> None:
        """Call, or do something with a line."""
        n, what = divmod(n, 9)
        if what == 0 or not self.phone.lines:
            self.phone.call(self.peer, offer=bool(n % 2))
            return
        line = self.phone.lines[n % len(self.phone.lines)]
        commands = {
            1: Line.ring,
            2: Line.progress,
            3: Line.accept,
            4: Line.accept,
            5: Line.hang_up,
            6: lambda line: line.reinvite(MediaDirection.SENDONLY),
            7: lambda line: line.reinvite(MediaDirection.SENDRECV),
            8: Line.reject,
        }
        with suppress(LocalProtocolError):
            commands[what](line)

    def finish(self) -> None:
        for line in self.phone.lines:
            line.hang_up()
        self.net.run_until_quiet()


babbling = st.lists(st.integers(0, 2**24), max_size=40)


@given(babbling)
@settings(max_examples=150)
def test_whatever_a_peer_says_the_phone_stands(numbers):
    """No fault, media on the ladder, every call over and nothing left in the end, and a trace that replays."""
    babble = Babble()
    babble.phone.call(babble.peer, offer=not numbers or numbers[0] % 4 != 0)
    for number in numbers:
        babble.say(number)
    babble.finish()

    paths = [" ".join(line.media_path) for line in babble.phone.lines]
    assert [] == [path for path in paths if not LADDER.fullmatch(path)]
    assert [] == [line.state for line in babble.phone.lines if line.state not in OVER]
    assert Leftovers() == babble.phone.leftovers
    assert replay(babble.phone.rows, shipped_charts().values()) is None


def answered(babble: Babble, numbers: list[int]) -> Line:
    """A call that the peer answered, and what it then babbles."""
    line = babble.phone.call(babble.peer)
    babble.net.deliver()
    babble.peer.respond(babble.peer.received.of("INVITE")[0], 200, tag="one", body=babble.peer.sdp())
    babble.net.deliver()
    for number in numbers:
        babble.say(number)
    return line


@given(babbling)
@settings(max_examples=100)
def test_whatever_is_said_in_a_call_it_comes_to_an_end(numbers):
    babble = Babble()
    line = answered(babble, numbers)
    babble.finish()

    assert line.state in OVER
    assert Leftovers() == babble.phone.leftovers


@given(babbling)
def test_the_end_of_a_call_is_told_once(numbers):
    """CallEnded or CallFailed, and the last of all its events but for its dialogs."""
    babble = Babble()
    answered(babble, numbers)
    babble.finish()

    for line in babble.phone.lines:
        ends = [name for name in line.said if name in ("CallEnded", "CallFailed")]
        assert 1 == len(ends)
