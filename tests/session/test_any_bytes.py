"""Whatever arrives, from whoever, in whatever state: no exception, no fault of ours, and the phone still works."""

from __future__ import annotations

from functools import cache

from hypothesis import example, given
from hypothesis import strategies as st
from plain_calls import talking

from session_fsm.sdp import MediaDirection
from session_fsm.testing import Method, Network, Phone, ScriptedPeer

SOMEBODY = ("10.0.0.66", 5060)
TELLING = [
    *(b"\r\n", b"\r\n\r\n", b" ", b":", b";", b",", b"<", b">", b'"', b"=", b"%", b"@", b"*", b"\x00", b"\xff"),
    *(b"sip:", b"tel:+1", b"sips:a@b", b"99999999999", b"-1", b"tag=", b";lr", b"INVITE", b"CANCEL", b"[::1]"),
    *(b"0.0.0.0", b"65536", b"a=inactive", b"m=audio 0 RTP/AVP 0", b"Content-Length: 0\r\n"),
]


@cache
def spoken() -> tuple[bytes, ...]:
    """Every datagram of a call with a hold and a digit, a cancelled one and a question."""
    alice, bob, peer = Phone("alice", "10.0.0.1"), Phone("bob", "10.0.0.2"), ScriptedPeer("peer", "10.0.0.9")
    net = Network(alice, bob, peer)
    caller, callee = talking(net, alice, bob)
    caller.reinvite(MediaDirection.SENDONLY)
    net.deliver()
    caller.send_dtmf("5", via="info")
    net.deliver()
    callee.hang_up()
    other = alice.call(bob)
    net.deliver()
    bob.line.ring()
    net.deliver()
    other.hang_up()
    peer.request("OPTIONS", bob)
    peer.request("UPDATE", bob, to_tag="unknown", body=peer.sdp())
    net.run_until_quiet()
    return tuple(datagram.data for datagram in net.log)


def places() -> st.SearchStrategy[list[tuple[int, int, bytes]]]:
    """Where to cut how much, and what to put there."""
    filling = st.binary(max_size=8) | st.sampled_from(TELLING)
    return st.lists(st.tuples(st.integers(0, 1500), st.integers(0, 40), filling), min_size=1, max_size=3)


def mangled(data: bytes, changes: list[tuple[int, int, bytes]]) -> bytes:
    for at, length, filling in changes:
        at %= len(data) + 1
        data = data[:at] + filling + data[at + length :]
    return data


def still_works(net: Network, phone: Phone) -> None:
    """It answers OPTIONS, and after a while nothing is left of whatever came."""
    asker = ScriptedPeer("asker", "10.0.0.77")
    net.add(asker)
    asker.request("OPTIONS", phone, call_id="still-there")
    net.run_for(0.0)
    assert 1 == asker.received.count(status=200)


def end(net: Network, *phones: Phone) -> None:
    for phone in phones:
        for line in phone.lines:
            line.hang_up()
    net.run_until_quiet()
    assert [type(phone.leftovers)()] * len(phones) == [phone.leftovers for phone in phones]


@given(st.lists(st.binary(max_size=300), max_size=5))
@example([b"", b"\r\n\r\n", b"\x00", b"SIP/2.0 200 OK\r\n\r\n", b"INVITE sip:a@b SIP/2.0\r\n\r\n"])
def test_noise_never_raises(noise):
    phone = Phone("bob", "10.0.0.2")
    net = Network(phone)
    for data in noise:
        phone.coordinator.receive(data, SOMEBODY, net.now)
        phone.drain()

    still_works(net, phone)
    end(net, phone)


@given(st.integers(0, 100), places())
def test_a_mangled_message_never_raises_at_an_idle_phone(which, changes):
    phone = Phone("bob", "10.0.0.2")
    net = Network(phone)
    phone.coordinator.receive(mangled(spoken()[which % len(spoken())], changes), SOMEBODY, net.now)
    phone.drain()
    for line in phone.lines:
        if "accept" in line.session.call.possible:
            line.accept()

    still_works(net, phone)
    end(net, phone)


@given(st.data())
def test_a_message_that_is_mangled_on_its_way_never_raises(data):
    """Each message of a call may be spoilt, by chance and for good; the call may fail, the engine may not."""
    alice, bob = Phone("alice", "10.0.0.1"), Phone("bob", "10.0.0.2")
    net = Network(alice, bob)
    spoilt = data.draw(st.dictionaries(st.integers(0, 12), places(), min_size=1, max_size=3))
    seen: list[object] = []

    def spoil(datagram):
        if len(seen) in spoilt:
            datagram.data = mangled(datagram.data, spoilt[len(seen)])
            vars(datagram).pop("message", None)
        seen.append(datagram)
        return False

    net.drop(spoil)
    line = alice.call(bob)
    net.run_for(1.0)
    for incoming in bob.lines:
        if "accept" in incoming.session.call.possible:
            incoming.ring()
            incoming.accept()
    net.run_for(1.0)
    if "reinvite" in line.session.call.possible:
        line.reinvite(MediaDirection.INACTIVE)
    net.run_for(1.0)

    end(net, alice, bob)


@given(st.integers(0, 100), places(), st.sampled_from(["Idle", "Initiating", "Ringing", "Active", "Terminated"]))
def test_a_mangled_message_never_raises_in_the_middle_of_a_call(which, changes, when):
    """The same dice make the same tags, so what was spoken in another run often belongs to this call."""
    alice, bob = Phone("alice", "10.0.0.1"), Phone("bob", "10.0.0.2")
    net = Network(alice, bob)
    if when != "Idle":
        line = alice.call(bob)
        net.deliver()
        if when == "Ringing":
            bob.line.ring()
        elif when in ("Active", "Terminated"):
            bob.line.accept()
        net.deliver()
        if when == "Terminated":
            line.hang_up()
            net.deliver()
    message = mangled(spoken()[which % len(spoken())], changes)
    for phone in (alice, bob):
        phone.coordinator.receive(message, alice.address if phone is bob else bob.address, net.now)
        phone.drain()
    net.run_for(1.0)

    still_works(net, bob)
    end(net, alice, bob)


@given(st.lists(st.integers(0, 100), max_size=12))
def test_real_messages_in_any_order_never_raise(order):
    """What was spoken in another run, in any order, at both sides of a call that is going on."""
    alice, bob = Phone("alice", "10.0.0.1"), Phone("bob", "10.0.0.2")
    net = Network(alice, bob)
    alice.call(bob)
    net.deliver()
    for which in order:
        data = spoken()[which % len(spoken())]
        for phone, source in ((alice, bob.address), (bob, alice.address)):
            phone.coordinator.receive(data, source, net.now)
            phone.drain()
        net.deliver()

    end(net, alice, bob)


def test_what_was_spoken_is_worth_mangling():
    """The corpus has every message of a call."""
    methods = {data.split(b" ")[0] for data in spoken() if not data.startswith(b"SIP/2.0")}

    assert {method.encode() for method in Method} - {b"REGISTER"} == methods
