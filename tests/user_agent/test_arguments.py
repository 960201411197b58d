"""What a careless user gives: each wrong value gets one error that names it and says what is possible."""

from __future__ import annotations

import math
import os

import pytest
from calling import connected, next_call

from session_fsm import CallState, Chart, Malformed, MediaSettings, Settings, TransportError, UserAgent, WaitTimeout
from session_fsm.session.events import CallAnswered, CallEnded

ALICE = "sip:alice@127.0.0.1"


@pytest.mark.parametrize(
    ("given", "error", "says"),
    [
        ({"uri": None}, ValueError, "None is no SIP URI"),
        ({"uri": "bob"}, Malformed, "a SIP URI is written like sip:bob@127.0.0.1:5070: 'bob'"),
        ({"bind": 5060}, TransportError, "5060 is no address"),
        ({"bind": ("127.0.0.1", 70000)}, TransportError, "must be a number from 0 to 65535"),
        ({"bind": ("127.0.0.1", "0")}, TransportError, "must be a number from 0 to 65535"),
        ({"bind": ("127.0.0.1",)}, TransportError, "no IP address"),
        ({"advertise": "0.0.0.0"}, TransportError, "no address that a peer can send to"),
        ({"advertise": ("192.0.2.1", 99999)}, TransportError, "must be a number from 0 to 65535"),
        ({"rtp_ports": 40000}, ValueError, "40000; it can be a pair of ports"),
        ({"rtp_ports": ("a", "b")}, ValueError, "it can be a pair of ports"),
        ({"codecs": []}, ValueError, r"codecs is \(\); it can hold PCMU and PCMA"),
        ({"codecs": ["PCMU"]}, ValueError, "it can hold PCMU and PCMA"),
        ({"t1": 0}, ValueError, "t1 is 0; it can be any number of seconds above 0"),
        ({"t1": math.nan}, ValueError, "t1 is nan"),
        ({"t1": "0.5"}, ValueError, "t1 is '0.5'"),
        ({"settings": {}}, TypeError, "it can be a Settings"),
        ({"media": {}}, TypeError, "it can be a MediaSettings"),
        ({"charts": ["call"]}, TypeError, "it can be a mapping from the names of charts to charts"),
        (
            {"charts": {"cal": Chart.load("call")}},
            ValueError,
            "'cal' is no chart that a user agent runs; it runs invite_client, ",
        ),
        ({"charts": {"call": "call.toml"}}, TypeError, "charts: call is 'call.toml'; it can be a Chart"),
        ({"on_trace": 5}, TypeError, "on_trace is 5; it can be a function that takes a TraceRow"),
    ],
)
def test_a_user_agent_that_cannot_be(given, error, says):
    """Nothing is opened before everything is known to be possible."""
    with pytest.raises(error, match=says):
        UserAgent(**{"uri": ALICE, "bind": "127.0.0.1:0", **given})


@pytest.mark.parametrize(
    "given",
    [
        {"max_sessions": -1},
        {"trace_rows": 1.5},
        {"engine": "magic"},
        {"learn_source": "sometimes"},
        {"product": "x\r\nEvil: 1"},
        {"codecs": "PCMU"},
        {"ptime_ms": 25},
    ],
)
def test_settings_that_cannot_be(given):
    with pytest.raises(ValueError, match=next(iter(given))):
        Settings(**given)


def test_media_settings_that_cannot_be():
    with pytest.raises(ValueError, match="stall_after is -1"):
        MediaSettings(stall_after=-1)


@pytest.mark.parametrize("jitter", [0.2, (0.2, 0.1), (-0.1, 0.2), (0.0, 3.0), ("a", "b"), (0.0, math.nan), (True, 1)])
def test_a_jitter_buffer_that_cannot_be(jitter):
    """The message names what was given and what is possible."""
    with pytest.raises(ValueError, match="it can be a pair of seconds"):
        MediaSettings(jitter=jitter)


async def test_ports_that_cannot_be_leave_nothing_open():
    """They are found out when the socket for SIP is open already."""
    before = len(os.listdir("/proc/self/fd"))
    agent = UserAgent(ALICE, bind="127.0.0.1:0", rtp_ports=(40001, 40002))

    with pytest.raises(TransportError, match="no even port"):
        await agent.start()

    assert before == len(os.listdir("/proc/self/fd"))


@pytest.mark.parametrize(
    ("given", "error", "says"),
    [
        ({"target": None}, ValueError, "None is no SIP URI"),
        ({"direction": "both"}, ValueError, "it can be sendrecv, sendonly, recvonly or inactive"),
        ({"direction": None}, ValueError, "direction is None"),
        ({"next_hop": ("127.0.0.1", 99999)}, TransportError, "must be a number from 0 to 65535"),
        ({"headers": {"X": "y"}}, ValueError, "it can be pairs"),
        ({"headers": ["Xa"]}, ValueError, "'Xa' is no header field"),
        ({"headers": [("X", 5)]}, ValueError, "X is 5; it can be any text"),
        ({"headers": [("X", "a\x00b")]}, Malformed, "no control characters"),
        ({"headers": [("X", "\udcff")]}, Malformed, "no control characters"),
        ({"headers": [("Via", "x")]}, Malformed, "is written by session_fsm"),
        ({"headers": [("l", "0")]}, Malformed, "is written by session_fsm"),
        ({"no_answer": "5"}, ValueError, "no_answer is '5'"),
        ({"no_answer": -1}, ValueError, "no_answer is -1"),
    ],
)
async def test_a_call_that_cannot_be_placed(alice, given, error, says):
    """No session exists, no port is open, nothing was sent."""
    with pytest.raises(error, match=says):
        alice.make_call(**{"target": "sip:bob@127.0.0.1:9", **given})

    assert (0, 0, ()) == (len(alice._driver.media), len(alice._driver.coordinator.sessions), alice.calls)


async def test_what_cannot_be_answered_leaves_the_call_as_it_was(alice, bob):
    """A wrong direction or status of the callee's own costs the caller nothing."""
    alice.make_call(bob.contact)
    invite = await next_call(bob)

    with pytest.raises(ValueError, match="direction is 'both'"):
        await invite.accept("both")
    with pytest.raises(ValueError, match="direction is 5"):
        await invite.progress(5)
    for status in (486.5, "486", None, 200):
        with pytest.raises(ValueError, match="a refusal is 400 to 699"):
            await invite.reject(status)
    with pytest.raises(ValueError, match="reason is 5"):
        await invite.reject(486, 5)
    with pytest.raises(Malformed, match="like sip:bob"):
        await invite.redirect("bob")

    assert CallState.INITIATING is invite.state
    await invite.accept()


async def test_a_direction_may_be_given_by_its_name(alice, bob):
    calling, _ = await connected(alice, bob)

    assert await calling.reinvite("sendonly", timeout=20)
    with pytest.raises(ValueError, match="direction is 'hold'"):
        await calling.reinvite("hold")
    assert "sendonly" == calling.media.direction


async def test_what_cannot_be_waited_for_is_said_at_once(alice, bob):
    """Instead of a wait that can only run out."""
    call = alice.make_call(bob.contact)
    for waiter in (call, alice):
        with pytest.raises(TypeError, match="'CallAnswered' is no event class"):
            await waiter.wait_for_event("CallAnswered")
        with pytest.raises(TypeError, match="'Active' is no state"):
            await waiter.wait_for_state("Active")
        with pytest.raises(TypeError, match="timeout is '1'"):
            await waiter.wait_for_event(CallEnded, timeout="1")
        with pytest.raises(TypeError, match="timeout is nan"):
            await waiter.wait_for_event(CallAnswered, timeout=math.nan)
    await (await next_call(bob)).ring()


async def test_no_time_at_all_is_a_time(alice, bob):
    """`timeout=0` asks whether audio flows already; it is not the default time."""
    call = alice.make_call(bob.contact)
    await next_call(bob)

    with pytest.raises(WaitTimeout, match="within 0 s"):
        await call.wait_for_media(timeout=0)
