"""Digits from one side to the other, by RTP events or by INFO, and what becomes of them when that is not possible."""

from __future__ import annotations

import pytest
from plain_calls import talking
from seldom import edge

from session_fsm.errors import LocalProtocolError
from session_fsm.sdp import MediaDirection
from session_fsm.session.events import DtmfFailed, DtmfMethod, DtmfReceived, DtmfSent
from session_fsm.session.orders import Edge
from session_fsm.session.settings import Settings
from session_fsm.testing import Line, Method, Network, Phone, ScriptedPeer


def heard(line: Line) -> list[tuple[str, int | None, str]]:
    """The digits that came."""
    return [(event.digit, event.duration_ms, str(event.method)) for event in line.told(DtmfReceived)]


@pytest.mark.parametrize("via", ["auto", "rtp", "info"])
@pytest.mark.parametrize("caller", [True, False])
def test_digits_arrive_in_order(net, alice, bob, via, caller):
    """From either side, either way; each is told on both sides once."""
    talking(net, alice, bob)
    ours, theirs = (alice.line, bob.line) if caller else (bob.line, alice.line)
    ours.send_dtmf("12#", duration_ms=100, via=via)
    net.run_for(2.0)

    method = "info" if via == "info" else "rtp"
    assert [("1", 100, method), ("2", 100, method), ("#", 100, method)] == heard(theirs)
    assert ["1", "2", "#"] == [event.digit for event in ours.told(DtmfSent)]


def test_there_is_a_pause_between_two_digits(net, alice, bob):
    """`gap_ms` from the end of one to the beginning of the next."""
    talking(net, alice, bob)
    alice.line.send_dtmf("12", duration_ms=100, gap_ms=300)
    net.run_for(2.0)

    first, second = alice.line.told(DtmfSent)
    assert 0.4 == pytest.approx(second.time - first.time)


def test_a_second_series_waits_for_its_own_time(net, alice, bob):
    """One digit after the other: whoever gives the command too early is told what is possible."""
    talking(net, alice, bob)
    alice.line.send_dtmf("12")

    with pytest.raises(LocalProtocolError, match=r"send_dtmf by auto: call is Active; possible now: .*hang_up"):
        alice.line.send_dtmf("3")
    net.run_for(2.0)
    alice.line.send_dtmf("3")
    net.run_for(2.0)

    assert "123" == "".join(digit for digit, *_ in heard(bob.line))


@pytest.mark.parametrize("via", ["rtp", "info"])
def test_a_series_that_comes_in_the_last_pause_follows_on(net, alice, bob, via):
    """The pause between two digits is kept."""
    talking(net, alice, bob)
    alice.line.send_dtmf("1", duration_ms=100, gap_ms=300, via=via)
    net.run_for(0.2)
    alice.line.send_dtmf("2", duration_ms=100, via=via)
    net.run_for(1.0)

    first, second = alice.line.told(DtmfSent)
    assert ["1", "2"] == [first.digit, second.digit]
    assert second.time - first.time >= 0.39


def test_a_peer_without_telephone_events_gets_info(net, alice):
    """RFC 6086 §3, the legacy usage: what its description does not offer is not sent."""
    bob = Phone("bob", "10.0.0.7", settings=Settings(telephone_events=False))
    net = Network(alice, bob)
    talking(net, alice, bob)
    alice.line.send_dtmf("5", duration_ms=200)
    net.run_for(1.0)

    assert [("5", 200, "info")] == heard(bob.line)
    assert b"Signal=5\r\nDuration=200\r\n" == bob.received.of(Method.INFO)[-1].message.body


def test_by_rtp_where_the_peer_takes_none_is_refused(net, alice):
    """A capability that was not agreed is not used."""
    bob = Phone("bob", "10.0.0.7", settings=Settings(telephone_events=False))
    talking(Network(alice, bob), alice, bob)

    with pytest.raises(LocalProtocolError, match="cannot send_dtmf by rtp: call is Active"):
        alice.line.send_dtmf("5", via="rtp")


def test_a_call_that_rings_takes_no_digits(net, alice, bob):
    """There is no path, and no dialog that an INFO could belong to."""
    line = alice.call(bob)
    net.deliver()
    bob.line.ring()
    net.deliver()

    with pytest.raises(LocalProtocolError, match="cannot send_dtmf by auto: call is Ringing"):
        line.send_dtmf("5")


def test_before_the_ack_no_info_leaves(net, alice, bob):
    """It could overtake our 200: the peer would not know the dialog yet."""
    alice.call(bob)
    net.hold(Method.ACK)
    net.deliver()
    bob.line.accept()
    net.deliver()

    with pytest.raises(LocalProtocolError, match="cannot send_dtmf by info: call is Active"):
        bob.line.send_dtmf("5", via="info")
    net.release()
    net.deliver()
    bob.line.send_dtmf("5", via="info")
    net.run_for(1.0)

    assert [("5", 160, "info")] == heard(alice.line)


def test_early_media_takes_digits(net, alice, bob):
    """An announcement before the answer may ask for them."""
    line = alice.call(bob)
    net.deliver()
    bob.line.progress()
    net.run_for(0.5)
    line.send_dtmf("5")
    net.run_for(1.0)

    assert [("5", 160, "rtp")] == heard(bob.line)


@pytest.mark.parametrize("over", [False, True])
def test_a_call_that_ends_takes_no_digits(net, alice, bob, over):
    """Neither while the BYE is on its way nor later."""
    talking(net, alice, bob)
    net.hold(Method.BYE)
    alice.line.hang_up()
    if over:
        net.release()
    net.deliver()

    with pytest.raises(LocalProtocolError, match="cannot send_dtmf by auto: call is Terminat"):
        alice.line.send_dtmf("5")


@pytest.mark.parametrize("via", ["rtp", "info"])
def test_the_end_of_the_call_drops_what_is_left(net, alice, bob, via):
    """Nothing is sent after the BYE, and nothing is left over."""
    talking(net, alice, bob)
    alice.line.send_dtmf("123", via=via)
    net.run_for(0.2)
    bob.line.hang_up()
    net.run_until_quiet()

    assert len(heard(bob.line)) < 3
    assert 0 == alice.leftovers.sessions

    with pytest.raises(LocalProtocolError, match="over"):
        alice.line.send_dtmf("5")


def test_a_hold_in_the_middle_of_a_digit_fails_it(net, alice, bob):
    """The path stops; what is left is dropped, and the application is told why."""
    talking(net, alice, bob)
    alice.line.send_dtmf("12", duration_ms=500, via="rtp")
    net.run_for(0.1)
    bob.line.reinvite(MediaDirection.INACTIVE)
    net.run_for(2.0)

    failed = alice.line.only(DtmfFailed)
    assert ("1", None, "the media path stopped sending") == (failed.digit, failed.status, failed.reason)
    assert [] == heard(bob.line)


def test_a_hold_between_two_digits_fails_the_next_one(net, alice, bob):
    """By RTP only, there is no way any more."""
    talking(net, alice, bob)
    alice.line.send_dtmf("12", duration_ms=100, gap_ms=1000, via="rtp")
    net.run_for(0.5)
    bob.line.reinvite(MediaDirection.INACTIVE)
    net.run_for(2.0)

    assert "2" == alice.line.only(DtmfFailed).digit
    assert ["1"] == [event.digit for event in alice.line.told(DtmfSent)]


def test_a_hold_between_two_digits_lets_the_next_one_go_by_info(net, alice, bob):
    """`auto` takes the way that is there."""
    talking(net, alice, bob)
    alice.line.send_dtmf("12", duration_ms=100, gap_ms=1000)
    net.run_for(0.5)
    bob.line.reinvite(MediaDirection.INACTIVE)
    net.run_for(2.0)

    assert [("1", 100, "rtp"), ("2", 100, "info")] == heard(bob.line)


def test_after_a_failure_digits_may_be_sent_again(net, alice, bob):
    """The call goes on."""
    talking(net, alice, bob)
    alice.line.send_dtmf("1", duration_ms=500, via="rtp")
    edge(alice.line, Edge.DIGIT_CUT)
    net.run_for(1.0)
    alice.line.send_dtmf("2", via="info")
    net.run_for(1.0)

    assert ["2"] == [event.digit for event in alice.line.told(DtmfSent)]


def in_call(net: Network, alice: Phone, peer: ScriptedPeer) -> Line:
    """Alice calls the scripted peer, which answers."""
    line = alice.call(peer)
    net.deliver()
    peer.respond(peer.received.of(Method.INVITE)[-1], 200, body=peer.sdp())
    net.deliver()
    return line


def test_an_info_that_is_refused_fails_the_digit(net, alice, peer):
    """With the peer's status and reason; those behind it are not sent."""
    line = in_call(net, alice, peer)
    line.send_dtmf("12")
    net.deliver()
    peer.respond(peer.received.of(Method.INFO)[-1], 415)
    net.run_for(2.0)

    failed = line.only(DtmfFailed)
    assert ("1", 415, "Unsupported Media Type") == (failed.digit, failed.status, failed.reason)
    assert (1, "Active") == (len(peer.received.of(Method.INFO)), line.state)
    line.send_dtmf("3")
    net.deliver()
    assert b"Signal=3" in peer.received.of(Method.INFO)[-1].message.body


def test_an_info_without_an_answer_ends_the_call(net, alice, peer):
    """RFC 3261 §12.2.1.2: no response at all, after timer F, counts as 408: the peer is gone."""
    line = in_call(net, alice, peer)
    line.send_dtmf("1")
    net.run_for(40.0)

    assert ("1", None) == (line.only(DtmfFailed).digit, line.only(DtmfFailed).status)
    assert "Terminated" == line.state
    assert 1 == len(peer.received.of(Method.BYE)[:1])


@pytest.mark.parametrize("status", [481, 408])
def test_a_peer_that_does_not_know_the_dialog_ends_the_call(net, alice, peer, status):
    """RFC 3261 §12.2.1.2: 481 or 408 to any request within it."""
    line = in_call(net, alice, peer)
    line.send_dtmf("12")
    net.deliver()
    peer.respond(peer.received.of(Method.INFO)[-1], status)
    net.run_for(1.0)

    assert (status, "Terminated") == (line.only(DtmfFailed).status, line.state)
    assert 1 == len(peer.received.of(Method.INFO))


def test_each_info_has_the_next_number(net, alice, peer):
    """RFC 3261 §12.2.1.1: requests within a dialog count up."""
    peer.when(Method.INFO, lambda datagram: peer.respond(datagram, 200))
    line = in_call(net, alice, peer)
    line.send_dtmf("12")
    net.run_for(1.0)

    assert [2, 3] == [datagram.message.cseq.number for datagram in peer.received.of(Method.INFO)]
    assert {"application/dtmf-relay"} == {d.message.content_type for d in peer.received.of(Method.INFO)}


def ask(net: Network, bob: Phone, peer: ScriptedPeer, body: bytes, kind: str, **how: object) -> int:
    """Bob is in a call with the scripted peer, which sends this INFO; the status of the answer."""
    peer.request("INVITE", bob, body=peer.sdp())
    net.deliver()
    bob.line.accept()
    net.deliver()
    tag = peer.received.response(200).to_tag
    peer.request("ACK", bob, to_tag=tag)
    headers = [("Content-Type", kind), *how.pop("headers", ())]
    peer.request("INFO", bob, to_tag=tag, body=body, headers=headers, **{"cseq": 2, **how})
    net.deliver()
    return peer.received[-1].status


@pytest.mark.parametrize(
    ("kind", "body", "digit", "milliseconds"),
    [
        ("application/dtmf-relay", b"Signal=5\r\nDuration=160\r\n", "5", 160),
        ("application/dtmf-relay", b"Signal= *\nDuration= 250", "*", 250),
        ("application/dtmf-relay", b"signal=11\r\n", "#", None),
        ("Application/DTMF-Relay", b"Signal=d\r\nDuration=100\r\n", "D", 100),
        ("application/dtmf", b"7", "7", None),
        ("application/dtmf", b"#\r\n", "#", None),
    ],
)
def test_an_info_brings_a_digit(net, bob, peer, kind, body, digit, milliseconds):
    """In the two forms that gateways and phones use."""
    assert 200 == ask(net, bob, peer, body, kind)

    told = bob.line.only(DtmfReceived)
    assert (digit, milliseconds, DtmfMethod.INFO) == (told.digit, told.duration_ms, told.method)


@pytest.mark.parametrize(
    ("kind", "body", "headers", "status"),
    [
        ("application/dtmf-relay", b"Signal=x\r\n", (), 415),
        ("application/dtmf-relay", b"Signal=" + b"5" * 1000, (), 415),
        ("application/media_control+xml", b"<media_control/>", (), 415),
        ("application/dtmf-relay", b"Signal=5\r\n", (("Info-Package", "dtmf"),), 469),
        ("application/dtmf-relay", b"", (), 200),
    ],
)
def test_another_info_brings_nothing(net, bob, peer, kind, body, headers, status):
    """RFC 3261 §8.2.3 and RFC 6086 §4.2.2; one without a body asks whether the call still stands (RFC 2976 §2.2)."""
    assert status == ask(net, bob, peer, body, kind, headers=headers)

    answer = peer.received[-1].message
    assert ([], "Active") == (heard(bob.line), bob.line.state)
    assert ("application/dtmf-relay, application/dtmf" if status == 415 else None) == answer.get("Accept")
    assert ("" if status == 469 else None) == answer.get("Recv-Info")


def test_an_info_out_of_order_is_refused(net, bob, peer):
    """RFC 3261 §12.2.2: its number is not higher than the last one's."""
    assert 500 == ask(net, bob, peer, b"Signal=5\r\n", "application/dtmf-relay", cseq=1)
    assert [] == heard(bob.line)


def test_an_info_after_the_end_gets_481(net, alice, bob):
    """It crossed the BYE."""
    talking(net, alice, bob)
    net.hold(Method.INFO)
    alice.line.send_dtmf("5", via="info")
    bob.line.hang_up()
    net.deliver()
    net.release()
    net.deliver()

    assert "481 INFO" == bob.sent.names[-1]
    assert [] == heard(bob.line)


def test_a_repeated_info_is_one_digit(net, alice, bob):
    """Its transaction answers the copy."""
    talking(net, alice, bob)
    net.drop(Method.INFO, status=200)
    alice.line.send_dtmf("5", via="info")
    net.run_for(2.0)

    assert [("5", 160, "info")] == heard(bob.line)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"digits": "12x"}, "'x' is no digit"),
        ({"digits": ""}, "it can be text such as '12#'"),
        ({"digits": 12}, "it can be text such as '12#'"),
        ({"digits": "1", "duration_ms": 39}, "duration_ms is 39; it can be 40 to 60000 milliseconds"),
        ({"digits": "1", "gap_ms": -1}, "gap_ms is -1; it can be 40 to 10000 milliseconds"),
        ({"digits": "1", "via": "smoke"}, "via is 'smoke'; it can be auto, rtp or info"),
    ],
)
def test_what_cannot_be_sent_is_named(net, alice, bob, given, says):
    """One sentence that says what was given and what is possible."""
    talking(net, alice, bob)

    with pytest.raises(ValueError, match=says):
        alice.line.send_dtmf(**given)


def test_a_digit_that_is_cut_by_hanging_up_ends_with_the_call(net, alice, bob):
    """Both ports are shut while it sounds: whichever side hangs up, nothing of it comes later."""
    for hangs_up in (alice, bob):
        talking(net, alice, bob)
        alice.line.send_dtmf("1", duration_ms=400)
        net.run_for(0.1)
        hangs_up.line.hang_up()
        net.run_until_quiet()

    assert [] == heard(bob.line)
