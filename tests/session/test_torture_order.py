"""The torture messages of RFC 4475 and RFC 5118 at one live coordinator, in any order: each gets what its RFC asks for.

The folder that SESSION_FSM_TORTURE names holds `rfc4475/` and `rfc5118/` with one `.dat` file a message. What each
verdict means is told in `tests/sip/test_torture.py`; here a refusal, a ringing call or silence comes of it.
"""

from __future__ import annotations

import os
from pathlib import Path
from random import Random

import pytest
from plain_calls import LADDER

from session_fsm.session.settings import Settings
from session_fsm.testing import Leftovers, Line, Network, Phone, ScriptedPeer

STRANGER = ("192.0.2.99", 5060)

ANSWERS: dict[int, str] = {
    180: "esc01 longreq lwsstart baddate inv2543 mult-ip-in-sdp",
    200: "lwsdisp semiuri transports trws badaspec badbranch zeromf via-received-param-no-delim "
    "ipv6-bug-abnf-3-colons ipv6-correct-abnf-2-colons",
    400: "badinv01 clerr ncl scalar02 quotbal ltgtruri lwsruri escruri regbadct baddn mismatch01 insuf multi01 mcl01 "
    "test ipv6-bad",
    405: "escnull dblreq mpart01 unksm2 regaut01 cparam01 cparam02 regescrt ipv6-good port-ambiguous port-unambiguous",
    406: "sdp01",
    415: "invut",
    416: "unkscm novelsc",
    420: "bext01",
    481: "wsinv via-received-param-with-delim mult-ip-in-header",
    488: "ipv6-in-sdp ipv4-mapped-ipv6",
    501: "intmeth esc02 mismatch02",
    505: "badvers",
    0: "unreason noreason scalarlg bigcode bcast",  # responses: never answered
}
EXPECTED = {name: status for status, names in ANSWERS.items() for name in names.split()}


@pytest.fixture(scope="module")
def messages() -> dict[str, bytes]:
    named = os.environ.get("SESSION_FSM_TORTURE")
    if named is None:
        if os.environ.get("CI") == "true":
            pytest.fail("CI must name the folder of torture messages in SESSION_FSM_TORTURE")
        pytest.skip("SESSION_FSM_TORTURE names no folder with rfc4475/ and rfc5118/")
    return {path.stem: path.read_bytes() for rfc in ("rfc4475", "rfc5118") for path in Path(named, rfc).glob("*.dat")}


def answer_to(phone: Phone, data: bytes) -> int:
    """The status that is sent at once; 0 for none."""
    before = len(phone.sent)
    phone.coordinator.receive(data, STRANGER, phone.network.now)
    phone.drain()
    sent = phone.sent[before:]
    # Read as bytes: what answers a message without From or with two Vias is no message that we would take.
    assert len(sent) <= 1
    return int(sent[0].data.split()[1]) if sent else 0


def takes_a_call(net: Network, phone: Phone) -> bool:
    """Whether it answers OPTIONS, and a caller who reaches it is heard."""
    asker, caller = ScriptedPeer("asker", "10.0.0.77"), Phone("caller", "10.0.0.78")
    net.add(asker).add(caller)
    asker.request("OPTIONS", phone)
    phone.when_called = Line.accept
    line = caller.call(phone)
    net.deliver()
    line.hang_up()
    net.deliver()
    return asker.received.count(status=200) == 1 and line.media_path == [*LADDER, "Closed"]


def test_every_message_is_expected(messages):
    assert sorted(EXPECTED) == sorted(messages)


@pytest.mark.parametrize("name", EXPECTED)
def test_each_message_by_itself(messages, name):
    """What the RFC asks of a user agent; the phone then takes a call."""
    bob = Phone("bob", "10.0.0.2", when_called=Line.ring)
    net = Network(bob)

    assert EXPECTED[name] == answer_to(bob, messages[name])
    assert takes_a_call(net, bob)


@pytest.mark.parametrize("seed", range(8))
def test_all_messages_in_any_order(messages, seed):
    """None spoils the answer to another, and nothing is left in the end."""
    bob = Phone("bob", "10.0.0.2", seed=seed, when_called=Line.ring)
    net = Network(bob)
    order = sorted(messages)
    Random(seed).shuffle(order)
    answers = {name: answer_to(bob, messages[name]) for name in order}

    assert answers == {name: EXPECTED[name] for name in order}
    assert takes_a_call(net, bob)
    for line in bob.lines:
        line.hang_up()
    net.run_until_quiet()
    assert Leftovers() == bob.leftovers


@pytest.mark.parametrize("seed", range(4))
def test_all_messages_in_the_middle_of_a_call(messages, seed):
    """The call goes on."""
    alice, bob = Phone("alice", "10.0.0.1"), Phone("bob", "10.0.0.2", when_called=Line.accept)
    net = Network(alice, bob)
    line = alice.call(bob)
    net.deliver()
    order = sorted(messages)
    Random(seed).shuffle(order)
    for name in order:
        answer_to(alice, messages[name])
        answer_to(bob, messages[name])
    net.run_for(20.0)

    assert ("Active", "Active", "Active") == (line.state, line.media, bob.lines[0].media)


def test_all_messages_answered_by_accepting(messages):
    """Every call among them is taken, is never acknowledged, and ends."""
    bob = Phone("bob", "10.0.0.2", when_called=Line.accept, settings=Settings(t1=0.1))
    net = Network(bob)
    for name in sorted(messages):
        answer_to(bob, messages[name])
    net.run_until_quiet()

    assert Leftovers() == bob.leftovers
    assert {"Terminated", "Failed"} >= {line.state for line in bob.lines}
