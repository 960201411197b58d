"""The ladder of a call shows what the network carried, from the traces alone."""

from __future__ import annotations

import io
from collections import Counter
from contextlib import suppress

import pytest

from session_fsm.errors import LocalProtocolError
from session_fsm.machine import read_jsonl, write_jsonl
from session_fsm.render import ladder, ladder_mermaid, ladder_text
from session_fsm.render.moments import moments
from session_fsm.sdp import MediaDirection
from session_fsm.session.account import Account, server_uri
from session_fsm.testing import Line, Method, Network, Phone, ScriptedPeer

PLAIN_CALL = """\
        ms  UAC                                                        UAS
       0.0  |--- INVITE (offer) -------------------------------------->|  3.0
       0.0  * Media Negotiating                                        |
       3.0  |                                        Media Negotiating *
       3.0  |<------------------------------------- 200 OK (answer) ---|  6.0
       3.0  |                                              Media Ready *
       3.0  |                                        Media Established *
       6.0  |--- ACK ------------------------------------------------->|  9.0
       6.0  * Media Ready                                              |
       6.0  * Media Established                                        |
       6.0  |<.................................... first RTP packet ...|
       6.0  * Media Active                                             |
       9.0  |... first RTP packet ....................................>|
       9.0  |                                             Media Active *
    1000.0  * Media Closed                                             |
    1000.0  |--- BYE ------------------------------------------------->|  1003.0
    1003.0  |<---------------------------------------------- 200 OK ---|  1006.0
    1003.0  |                                             Media Closed *
"""


def hold_and_hang_up(net: Network, alice: Phone, bob: Phone) -> None:
    line = alice.call(bob)
    net.run_for(1)
    if "reinvite" in line.session.call.possible:
        line.reinvite(MediaDirection.SENDONLY)
    net.run_for(40)
    line.hang_up()
    net.run_until_quiet()


def hold_and_resume(net: Network, alice: Phone, bob: Phone) -> None:
    """Several requests of one purpose, each while the last one's transaction is still there."""
    alice.call(bob)
    net.run_for(1)
    for phone in (alice, bob):
        for wish in ("hold", "resume"):
            with suppress(LocalProtocolError):
                getattr(phone.line, wish)()
            net.run_for(1)
    alice.line.hang_up()
    net.run_until_quiet()


def cancelled(net: Network, alice: Phone, bob: Phone) -> None:
    bob.when_called = Line.ring
    line = alice.call(bob)
    net.run_for(1)
    line.hang_up()
    net.run_until_quiet()


def delayed_offer(net: Network, alice: Phone, bob: Phone) -> None:
    alice.call(bob, offer=False)
    net.run_for(1)
    bob.line.hang_up()
    net.run_until_quiet()


def test_a_plain_call_is_drawn_message_by_message(net, alice, bob):
    """Times are milliseconds since the first moment; a message has one at either end."""
    line = alice.call(bob)
    net.run_for(1)
    line.hang_up()
    net.run_until_quiet()

    assert PLAIN_CALL == ladder_text(alice.rows, bob.rows)


def test_a_trace_that_was_written_to_a_file_draws_the_same(net, alice, bob):
    """In a file a payload is its summary."""
    hold_and_hang_up(net, alice, bob)
    file = io.StringIO()
    write_jsonl(alice.rows, file)
    file.seek(0)

    assert ladder_text(alice.rows, bob.rows) == ladder_text(read_jsonl(file), bob.rows)


@pytest.mark.parametrize("story", [hold_and_hang_up, hold_and_resume, cancelled, delayed_offer])
@pytest.mark.parametrize(
    "faults", [{}, {"loss": 0.2}, {"duplication": 0.3}, {"jitter": 0.02}], ids=["clean", "loss", "twice", "jitter"]
)
def test_what_is_drawn_is_what_the_network_carried(story, faults, alice, bob):
    """Every datagram that was sent, lost or came twice is in the ladder, and nothing else."""
    net = Network(alice, bob, seed=4, delay=0.003, **faults)
    story(net, alice, bob)
    rungs = ladder(alice.rows, bob.rows).rungs
    told = [(phone.address, moment) for phone in (alice, bob) for moment in moments(phone.rows)]

    sent = Counter((address, at.key.method, at.key.status) for address, at in told if at.kind == "sent")
    assert Counter((gram.source, gram.method, gram.status) for gram in net.log) == sent
    assert sum(not gram.arrivals for gram in net.log) == sum(rung.look == "lost" for rung in rungs)
    assert sum(len(gram.arrivals) for gram in net.log) == sum(at.kind == "heard" for _, at in told)


def test_a_lost_message_ends_before_the_other_side(net, alice, bob):
    """The 200 comes again, and so does the ACK."""
    net.drop(Method.ACK, count=1)
    alice.call(bob)
    net.run_for(1)

    drawn = [(rung.look, rung.label) for rung in ladder(alice.rows, bob.rows).rungs if rung.look in ("message", "lost")]

    assert [("lost", "ACK"), ("message", "200 OK again"), ("message", "ACK again")] == drawn[-3:]


def test_one_side_alone_draws_what_it_sent_and_what_came(net, alice, bob):
    """Nothing is called lost, because the other side does not say."""
    alice.call(bob)
    net.run_for(1)

    drawn = [(rung.side, rung.label) for rung in ladder(bob.rows).rungs if rung.look != "state"]

    assert ("UAS", "UAC") == ladder(bob.rows).names
    assert [(1, "INVITE"), (0, "200 OK (answer)"), (1, "ACK"), (1, "first RTP packet")] == drawn


def test_the_call_that_both_traces_have_is_the_one_that_is_drawn(net, alice, bob):
    """The second call of one side is found by its Call-ID."""
    bob.when_called = Line.ring
    alice.call(bob)
    net.deliver()
    first = len(bob.rows)
    second = alice.call(bob)
    net.deliver()

    later = bob.rows[first:]

    assert [rung.label for rung in ladder(alice.rows, later).rungs if rung.look == "message"] == [
        "INVITE (offer)",
        "180 Ringing",
    ]
    assert ladder(alice.rows, later) == ladder(alice.rows, bob.rows, call_id=second.session.call_id)


def test_states_of_other_charts_are_drawn_when_asked(net, alice, bob):
    alice.call(bob)
    net.run_for(1)

    states = [rung.label for rung in ladder(alice.rows, charts=["call"]).rungs if rung.look == "state"]

    assert ["Call Initiating", "Call Active"] == states


def test_a_mermaid_ladder_gathers_the_states_between_two_messages(net, alice, bob):
    alice.call(bob)
    net.deliver()

    assert [
        "sequenceDiagram",
        "    participant UAC as UAC",
        "    participant UAS as UAS",
        "    UAC->>UAS: INVITE (offer), 0.0 ms",
        "    Note over UAC: Media Negotiating",
        "    Note over UAS: Media Negotiating",
        "    UAS->>UAC: 200 OK (answer), 3.0 ms",
        "    Note over UAS: Media Ready<br/>Media Established",
        "    UAC->>UAS: ACK, 6.0 ms",
        "    Note over UAC: Media Ready<br/>Media Established",
    ] == ladder_mermaid(alice.rows, bob.rows).splitlines()[:10]


def test_an_empty_trace_draws_an_empty_ladder():
    assert () == ladder([]).rungs


def test_a_call_is_shown_before_the_registration_that_began_earlier():
    """A trace of one side has both; who wants to see the registration has no call in it."""
    registrar = ScriptedPeer("registrar", "10.0.0.5")
    registrar.when("REGISTER", lambda datagram: registrar.respond(datagram, 200, contact=False))
    alice = Phone("alice", "10.0.0.1", account=Account(registrar=server_uri("registrar", "10.0.0.5")))
    bob = Phone("bob", "10.0.0.2")
    net = Network(alice, bob, registrar)
    alice.register()
    net.deliver()
    alice.call(bob)
    net.deliver()

    shown = "\n".join(rung.label for rung in ladder(alice.rows).rungs)

    assert (True, False) == ("INVITE" in shown, "REGISTER" in shown)
