"""Requests within somebody's call from somebody who knows its Call-ID and not its tags: 481, and nothing changes."""

from __future__ import annotations

import pytest

from session_fsm.session.events import DtmfReceived, RemoteHold
from session_fsm.testing import Line, Network, Phone, ScriptedPeer

WRONG = {
    "From tag": ("guessed", None),
    "To tag": (None, "guessed"),
    "both tags": ("guessed", "guessed"),
    "the tags in each other's place": ("{to}", "{from}"),
}
INFO = b"Signal=5\r\nDuration=100\r\n"


@pytest.fixture
def talking(net: Network, bob: Phone, carol: Phone) -> Line:
    """Carol's line of her call with Bob."""
    bob.when_called = Line.accept
    line = carol.call(bob)
    net.deliver()
    assert ("Active", "Active") == (line.state, bob.line.state)
    return line


def forge(carol: Phone, mallory: ScriptedPeer, bob: Phone, method: str, wrong: tuple[str | None, str | None]) -> None:
    """Send Bob what Carol could have sent, but for the tags."""
    invite, tag = carol.sent.request("INVITE"), carol.received.response(200).to_tag
    known = {"from": invite.from_tag, "to": tag}
    from_tag, to_tag = (
        right if said is None else said.format(**known)
        for said, right in zip(wrong, (invite.from_tag, tag), strict=True)
    )
    body = mallory.sdp(port=6666) if method in ("INVITE", "UPDATE", "PRACK") else INFO if method == "INFO" else b""
    headers = [
        ("From", f"<{carol.uri}>;tag={from_tag}"),
        ("To", f"<{bob.uri}>;tag={to_tag}"),
        ("RAck", "1 1 INVITE"),
        *([("Content-Type", "application/dtmf-relay")] if method == "INFO" else []),
    ]
    mallory.request(method, bob, call_id=invite.call_id, cseq=2, body=body, headers=headers)


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("method", ["INVITE", "UPDATE", "INFO", "OPTIONS", "BYE", "PRACK"])
def test_a_request_with_wrong_tags_changes_nothing(net, bob, carol, mallory, talking, method, wrong):
    """RFC 3261 §12.2.2: 481; for PRACK, which is not handled, 405. No audio goes anywhere else, no digit is heard."""
    before = len(bob.line.events), len(bob.rows), bob.line.session.negotiation.agreement
    forge(carol, mallory, bob, method, wrong)
    net.deliver()

    assert [405 if method == "PRACK" else 481] == [answer.status for answer in mallory.received]
    assert before[0] == len(bob.line.events)
    assert before[2] is bob.line.session.negotiation.agreement
    assert ("Active", "Active") == (talking.state, bob.line.state)
    assert [] == [*bob.line.told(RemoteHold), *bob.line.told(DtmfReceived)]


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_an_ack_with_wrong_tags_acknowledges_nothing(net, bob, carol, mallory, wrong):
    """The 200 is repeated on; the ACK is counted and not answered."""
    bob.when_called = Line.accept
    net.drop("ACK", count=1)
    carol.call(bob)
    net.deliver()
    forge(carol, mallory, bob, "ACK", wrong)
    net.deliver()

    assert ([], 1) == (mallory.received, bob.counters["dropped.stray ACK"])
    assert 1 == bob.coordinator.open_machines()["answers"]
    assert "Accepted" not in str(bob.line.session.answers[0].machine.state)
