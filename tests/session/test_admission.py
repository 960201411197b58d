"""What a request must keep before anybody looks at what it asks. RFC 3261 §8.2."""

from __future__ import annotations

import pytest
from plain_calls import acknowledge, called_by, quiet_and_empty

from session_fsm.session.settings import Settings
from session_fsm.testing import Line, Network, Phone

ALLOWED = ["INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "INFO", "UPDATE"]


def answer(net, bob, peer, method, **said):
    """What Bob says to one request."""
    peer.request(method, bob, **said)
    net.deliver()
    return peer.received[-1].response


@pytest.mark.parametrize("method", ["REGISTER", "MESSAGE", "SUBSCRIBE", "NOTIFY", "REFER", "PRACK"])
def test_a_known_method_that_is_not_handled_gets_405_with_allow(net, bob, peer, method):
    """RFC 3261 §8.2.1."""
    response = answer(net, bob, peer, method)

    assert (405, ALLOWED) == (response.status, response.allow)


def test_an_unknown_method_gets_501(net, bob, peer):
    """RFC 3261 §21.5.2; Allow helps."""
    response = answer(net, bob, peer, "DANCE")

    assert (501, ALLOWED) == (response.status, response.allow)


@pytest.mark.parametrize("method", ["MESSAGE", "DANCE"])
def test_a_method_that_is_not_handled_in_a_dialog_gets_the_same_answer(net, bob, peer, method):
    line = called_by(net, peer, bob)
    tag = acknowledge(net, peer, bob)

    assert answer(net, bob, peer, method, to_tag=tag, cseq=2).status in (405, 501)
    assert "Active" == line.state


@pytest.mark.parametrize("uri", ["tel:+15551234", "http://example.com", "urn:service:sos", "sips:bob@127.0.0.1"])
def test_a_foreign_request_uri_gets_416(net, bob, peer, uri):
    """RFC 3261 §8.2.2.1."""
    assert 416 == answer(net, bob, peer, "INVITE", uri=uri, body=peer.sdp()).status


def test_an_extension_that_is_required_gets_420_with_its_name(net, bob, peer):
    """RFC 3261 §8.2.2.3."""
    response = answer(net, bob, peer, "INVITE", body=peer.sdp(), headers=[("Require", "100rel, timer")])

    assert (420, ["100rel", "timer"]) == (response.status, response.get_all("Unsupported"))


def test_an_extension_that_is_only_supported_there_is_fine(net, bob, peer):
    peer.request("INVITE", bob, body=peer.sdp(), headers=[("Supported", "100rel, timer")])
    net.deliver()

    assert "IncomingCall" in bob.line.said


def test_a_body_of_another_type_gets_415_with_accept(net, bob, peer):
    """RFC 3261 §8.2.3."""
    response = answer(net, bob, peer, "INVITE", body=b"hello", headers=[("Content-Type", "text/plain")])

    assert (415, ["application/sdp"]) == (response.status, response.accept)


def test_an_encoded_body_gets_415_with_accept_encoding(net, bob, peer):
    """RFC 3261 §8.2.3."""
    response = answer(net, bob, peer, "INVITE", body=peer.sdp(), headers=[("Content-Encoding", "gzip")])

    assert (415, "identity") == (response.status, response.get("Accept-Encoding"))


def test_a_body_that_need_not_be_understood_is_passed_over(net, bob, peer):
    """RFC 3261 §20.11: an INVITE with it alone has no offer."""
    headers = [("Content-Type", "text/plain"), ("Content-Disposition", "render;handling=optional")]
    peer.request("INVITE", bob, body=b"hello", headers=headers)
    net.deliver()
    bob.line.accept()
    net.deliver()

    assert b"m=audio" in bob.sent.response(200).body


def test_a_caller_that_takes_no_sdp_gets_406(net, bob, peer):
    """RFC 3261 §8.2.3 and RFC 4475 §3.3.15."""
    response = answer(net, bob, peer, "INVITE", body=peer.sdp(), headers=[("Accept", "text/plain")])

    assert 406 == response.status


@pytest.mark.parametrize("accept", ["application/sdp", "*/*", "application/*;q=0.5", "text/plain, application/sdp"])
def test_a_caller_that_takes_sdp_among_others_is_asked_for(net, bob, peer, accept):
    peer.request("INVITE", bob, body=peer.sdp(), headers=[("Accept", accept)])
    net.deliver()

    assert "IncomingCall" in bob.line.said


def test_a_request_that_a_proxy_sent_twice_is_merged(net, bob, peer):
    """RFC 3261 §8.2.2.2: the second way gets 482, and one call rings."""
    peer.request("INVITE", bob, body=peer.sdp())
    peer.request("INVITE", bob, body=peer.sdp())
    net.deliver()

    assert (1, 1) == (bob.sent.count(status=482), len(bob.lines))


def test_a_third_way_is_merged_too_however_late(net, bob, peer):
    """The first transaction is open as long as the call rings, whatever became of the second."""
    peer.request("INVITE", bob, body=peer.sdp())
    peer.request("INVITE", bob, body=peer.sdp())
    net.run_for(60.0)
    peer.request("INVITE", bob, body=peer.sdp())
    net.deliver()

    assert 1 == len(bob.lines)


def test_options_outside_a_dialog_says_what_is_possible(net, bob, peer):
    """RFC 3261 §11.2."""
    response = answer(net, bob, peer, "OPTIONS")

    assert (200, ALLOWED, ["application/sdp"]) == (response.status, response.allow, response.accept)
    assert ("identity", "en", "") == tuple(
        response.get(name) for name in ("Accept-Encoding", "Accept-Language", "Supported")
    )


def test_options_within_a_dialog_says_the_same(net, bob, peer):
    """RFC 3261 §11.2: its answer is identical to one outside."""
    line = called_by(net, peer, bob)
    tag = acknowledge(net, peer, bob)

    inside = answer(net, bob, peer, "OPTIONS", to_tag=tag, cseq=2)
    line.hang_up()
    outside = answer(net, bob, peer, "OPTIONS", call_id="another")

    names = ("Allow", "Accept", "Accept-Encoding", "Accept-Language", "Supported")
    assert [outside.get(name) for name in names] == [inside.get(name) for name in names]


@pytest.mark.parametrize("method", ["BYE"])
def test_a_bye_without_a_dialog_gets_481(net, bob, peer, method):
    """RFC 3261 §15.1.2."""
    assert 481 == answer(net, bob, peer, method).status


def test_an_ack_without_anything_is_never_answered(net, bob, peer):
    peer.request("ACK", bob)
    net.deliver()

    assert ([], 1) == (bob.sent.names, bob.counters["dropped.stray ACK"])


def test_a_full_house_refuses_with_503_and_retry_after(peer):
    """Facts: nobody sheds load with a 503. We do."""
    bob = Phone("bob", "10.0.0.2", settings=Settings(max_sessions=1))
    net = Network(bob, peer)
    peer.request("INVITE", bob, body=peer.sdp(), call_id="one")
    peer.request("INVITE", bob, body=peer.sdp(), call_id="two")
    net.deliver()

    response = bob.sent.response(503)
    assert ("two", 5, 1) == (response.call_id, response.retry_after, len(bob.lines))


def test_a_flood_that_a_full_house_refuses_costs_nothing(peer):
    """RFC 3261 §8.2.7: one 503 to each, the same one to its copy; no transaction, no repetition."""
    bob = Phone("bob", "10.0.0.2", settings=Settings(max_sessions=1))
    net = Network(bob, peer)
    peer.request("INVITE", bob, body=peer.sdp(), call_id="one")
    net.deliver()
    before = bob.coordinator.open_machines()
    for n in range(20):
        peer.request("INVITE", bob, body=peer.sdp(), call_id=f"flood-{n}", branch=f"z9hG4bKflood{n}")
        peer.request("INVITE", bob, body=peer.sdp(), call_id=f"flood-{n}", branch=f"z9hG4bKflood{n}")
    net.run_for(20)

    tags = [bob.sent.response(503, n).to_tag for n in range(40)]
    assert (40, 20, before) == (bob.sent.count(status=503), len(set(tags)), bob.coordinator.open_machines())


def test_a_house_has_room_again_when_a_call_is_gone(peer):
    bob = Phone("bob", "10.0.0.2", settings=Settings(max_sessions=1), when_called=Line.reject)
    net = Network(bob, peer)
    peer.request("INVITE", bob, body=peer.sdp(), call_id="one")
    net.run_until_quiet()
    peer.request("INVITE", bob, body=peer.sdp(), call_id="two")
    net.deliver()

    assert 2 == len(bob.lines)


def test_what_is_refused_leaves_nothing(net, bob, peer):
    for n, method in enumerate(["REGISTER", "DANCE", "BYE", "CANCEL", "OPTIONS"]):
        peer.request(method, bob, call_id=f"call-{n}")

    assert quiet_and_empty(net, bob)


def test_what_is_refused_is_counted(net, bob, peer):
    peer.request("REGISTER", bob)
    net.deliver()

    assert 1 == bob.counters["refused.405"]
