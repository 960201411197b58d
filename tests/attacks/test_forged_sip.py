"""Requests and answers of somebody who has seen a part of a call, and guesses the rest: nothing of it takes effect."""

from __future__ import annotations

import pytest

from session_fsm.testing import Line, Method, Network, Phone, ScriptedPeer


@pytest.fixture
def talking(net: Network, bob: Phone, carol: Phone) -> Line:
    """Carol's line of her call with Bob."""
    bob.when_called = Line.accept
    line = carol.call(bob)
    net.deliver()
    assert "Active" == line.state
    return line


@pytest.fixture
def ringing(net: Network, bob: Phone, carol: Phone) -> Line:
    """Carol's line, which rings at Bob."""
    bob.when_called = Line.ring
    line = carol.call(bob)
    net.deliver()
    assert "Ringing" == line.state
    return line


def forged(log, method: str, **changes: str) -> list[tuple[str, str]]:
    """The headers of a request as the real peer would send it, with some of them changed."""
    invite = log.request("INVITE")
    fields = {
        "Via": str(invite.via),
        "From": str(invite.from_),
        "To": str(invite.to),
        "Call-ID": invite.call_id,
        "CSeq": f"{invite.cseq.number + 1} {method}",
    }
    return [*{**fields, **changes}.items()]


GUESSES = {
    "From tag": {"From": "<sip:carol@10.0.0.3>;tag=guessed"},
    "no From tag": {"From": "<sip:carol@10.0.0.3>"},
    "To tag": {"To": "<sip:bob@10.0.0.2>;tag=guessed"},
    "no To tag": {"To": "<sip:bob@10.0.0.2>"},
    "Call-ID": {"Call-ID": "guessed"},
}


@pytest.mark.parametrize("guess", GUESSES.values(), ids=GUESSES)
def test_a_bye_with_a_wrong_tag_ends_nothing(net, bob, carol, mallory, talking, guess):
    """RFC 3261 §12.2.2: 481, as to any request of a dialog that is not open."""
    to = f"<{bob.uri}>;tag={carol.received.response(200).to_tag}"
    headers = forged(carol.sent, "BYE", **{"To": to, "Via": "SIP/2.0/UDP 10.0.0.66;branch=z9hG4bKm", **guess})
    mallory.request("BYE", bob, headers=headers)
    net.deliver()

    assert ([481], "Active", "Active") == ([d.status for d in mallory.received], talking.state, bob.line.state)


def test_a_bye_that_is_right_but_old_ends_nothing(net, bob, carol, mallory, talking):
    """RFC 3261 §12.2.2: a CSeq number that was used before gets 500."""
    to = f"<{bob.uri}>;tag={carol.received.response(200).to_tag}"
    headers = forged(carol.sent, "BYE", To=to, Via="SIP/2.0/UDP 10.0.0.66;branch=z9hG4bKm", CSeq="1 BYE")
    mallory.request("BYE", bob, headers=headers)
    net.deliver()

    assert (500, "Active") == (mallory.received[0].status, bob.line.state)


@pytest.mark.parametrize(
    "guess",
    [
        {"Via": "SIP/2.0/UDP 10.0.0.3:5060;branch=z9hG4bKguessed"},
        {"Via": "SIP/2.0/UDP 10.0.0.66:5060;branch={branch}"},
        {"From": "<sip:carol@10.0.0.3>;tag=guessed"},
        {"Call-ID": "guessed"},
        {"CSeq": "99 CANCEL"},
    ],
    ids=["branch", "sent-by", "From tag", "Call-ID", "CSeq"],
)
def test_a_cancel_with_a_wrong_branch_or_tag_cancels_nothing(net, bob, carol, mallory, ringing, guess):
    """RFC 3261 §9.1: all of it is the INVITE's."""
    branch = carol.sent.request("INVITE").branch
    changes = {"CSeq": "1 CANCEL", **{name: text.format(branch=branch) for name, text in guess.items()}}
    mallory.request("CANCEL", bob, headers=forged(carol.sent, "CANCEL", **changes))
    net.deliver()

    assert (1, "Ringing") == (bob.sent.count(status=481), bob.line.state)


@pytest.mark.parametrize("status", [180, 200, 302, 486])
@pytest.mark.parametrize("branch", ["z9hG4bKguessed", "z9hG4bK", ""])
def test_an_answer_with_a_wrong_branch_answers_nothing(net, carol, mallory, status, branch):
    """RFC 3261 §17.1.3: it is dropped and counted; the call waits on."""
    silent = ScriptedPeer("silent", "10.0.0.9")
    net.add(silent)
    line = carol.call(silent)
    net.deliver()
    invite = silent.received.request("INVITE")
    via = f"SIP/2.0/UDP 10.0.0.3:5060;branch={branch}" if branch else "SIP/2.0/UDP 10.0.0.3:5060"
    mallory.send(
        f"SIP/2.0 {status} Forged\nVia: {via}\nFrom: {invite.from_}\nTo: {invite.to};tag=m\n"
        f"Call-ID: {invite.call_id}\nCSeq: 1 INVITE\nContact: <sip:m@10.0.0.66>\n\n",
        carol,
    )
    net.deliver()

    assert ("Initiating", 1) == (line.state, carol.counters["dropped.stray response"])


def test_an_answer_to_another_method_answers_nothing(net, carol, mallory):
    """RFC 3261 §17.1.3: the branch is right, the method in CSeq is not."""
    silent = ScriptedPeer("silent", "10.0.0.9")
    net.add(silent)
    line = carol.call(silent)
    net.deliver()
    invite = silent.received.request("INVITE")
    mallory.send(
        f"SIP/2.0 200 OK\nVia: {invite.via}\nFrom: {invite.from_}\nTo: {invite.to};tag=m\n"
        f"Call-ID: {invite.call_id}\nCSeq: 1 BYE\n\n",
        carol,
    )
    net.deliver()

    assert "Initiating" == line.state


def test_an_ack_of_somebody_else_acknowledges_nothing(net, bob, mallory):
    """Without our tag it belongs to no 2xx: the 200 is repeated, and the caller is not believed."""
    bob.when_called = Line.accept
    mallory.request("INVITE", bob, body=mallory.sdp(), branch="z9hG4bKm")
    net.deliver()
    mallory.request("ACK", bob, to_tag="guessed", branch="z9hG4bKn")
    net.run_for(1.0)

    assert 1 < bob.sent.count(Method.INVITE, status=200)
