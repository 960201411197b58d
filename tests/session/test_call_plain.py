"""One plain call, both sides: what is sent, what is told, and in which order."""

from __future__ import annotations

from plain_calls import LADDER, quiet_and_empty, talking

from session_fsm.session.events import (
    AudioChannelsReady,
    CallAnswered,
    CallEnded,
    FirstAudioFrameReceived,
    FlowDirection,
    MediaFlowEstablished,
    MediaNegotiated,
    MediaState,
    RemoteMediaConfirmed,
    SdpEvent,
    SdpKind,
)

UNTIL_ACTIVE = [
    "DialogEstablished",
    "MediaSessionReady",
    "MediaNegotiated",
    "MediaFlowEstablished",
    "FirstAudioFrameReceived",
    "RemoteMediaConfirmed",
    "MediaFlowEstablished",
    "AudioChannelsReady",
]


def test_the_messages_of_a_call(net, alice, bob):
    """INVITE, 180, 200, ACK, BYE, 200, and not one more."""
    line = alice.call(bob)
    net.deliver()
    bob.line.ring()
    net.deliver()
    bob.line.accept()
    net.deliver()
    line.hang_up()
    net.run_until_quiet()

    assert ["INVITE", "180 INVITE", "200 INVITE", "ACK", "BYE", "200 BYE"] == net.log.names


def test_both_sides_climb_the_same_ladder(net, alice, bob):
    """Design §4: UAC and UAS go through the same media states."""
    caller, callee = talking(net, alice, bob)

    assert LADDER == caller.media_path == callee.media_path


def test_the_call_states_of_the_caller(net, alice, bob):
    line = alice.call(bob)
    net.deliver()
    bob.line.ring()
    net.deliver()
    bob.line.accept()
    net.deliver()
    line.hang_up()
    net.deliver()

    assert ["Idle", "Initiating", "Ringing", "Active", "Terminating", "Terminated"] == line.call_path


def test_the_call_states_of_the_callee(net, alice, bob):
    line = alice.call(bob)
    net.deliver()
    bob.line.ring()
    net.deliver()
    bob.line.accept()
    net.deliver()
    line.hang_up()
    net.deliver()

    assert ["Idle", "Initiating", "Ringing", "Active", "Terminated"] == bob.line.call_path


def test_the_events_of_the_caller_in_order(net, alice, bob):
    """Design §5."""
    line = alice.call(bob)
    net.deliver()
    bob.line.accept()
    net.deliver()

    wanted = ["SessionCreated", "OutgoingCallPrepared", "CallInitiated", "CallAnswered", *UNTIL_ACTIVE]
    wanted.insert(wanted.index("DialogEstablished") + 1, "AckSent")
    assert wanted == [name for name in line.said if name in wanted]


def test_the_events_of_the_callee_in_order(net, alice, bob):
    """Design §5."""
    talking(net, alice, bob)

    wanted = ["SessionCreated", "IncomingCall", "CallAccepted", "CallAnswered", *UNTIL_ACTIVE]
    assert wanted == [name for name in bob.line.said if name in wanted]


def test_from_ready_on_both_roles_tell_the_same_in_the_same_order(net, alice, bob):
    """Design §5: both roles, in the same order."""
    caller, callee = talking(net, alice, bob)

    one_role_only = ("AckSent", "AckReceived", "DialogStateChanged")
    tails = [
        [name for name in line.said[line.said.index("DialogEstablished") :] if name not in one_role_only]
        for line in (caller, callee)
    ]
    assert tails[0] == tails[1]


def test_the_caller_tells_when_each_event_found_the_media(net, alice, bob):
    """The log lines of the reference documents: CallInitiated in Negotiating, CallAnswered in Ready."""
    line = alice.call(bob)
    net.deliver()
    bob.line.accept()
    net.deliver()

    states = {type(event).__name__: event.media_state for event in reversed(line.events)}
    assert MediaState.NEGOTIATING == states["CallInitiated"]
    assert MediaState.READY == states["CallAnswered"]
    assert MediaState.ESTABLISHED == states["MediaFlowEstablished"]
    assert MediaState.ACTIVE == states["AudioChannelsReady"]


def test_the_callee_is_ready_when_it_sends_the_answer(net, alice, bob):
    """Design §4: the ACK is not waited for."""
    net.drop("ACK")
    alice.call(bob)
    net.deliver()

    bob.line.accept()

    assert "AckReceived" not in bob.line.said
    assert MediaState.ESTABLISHED == bob.line.media
    assert MediaState.READY == bob.line.only(CallAnswered).media_state


def test_the_sdp_of_a_call_is_told_on_both_sides(net, alice, bob):
    """An offer sent and an answer received; an offer received and an answer sent."""
    caller, callee = talking(net, alice, bob)

    assert [SdpKind.OFFER_SENT, SdpKind.ANSWER_RECEIVED] == [e.event_type for e in caller.told(SdpEvent)]
    assert [SdpKind.OFFER_RECEIVED, SdpKind.ANSWER_SENT] == [e.event_type for e in callee.told(SdpEvent)]
    assert [e.sdp for e in caller.told(SdpEvent)] == [e.sdp for e in callee.told(SdpEvent)]


def test_each_side_knows_the_other_sides_port(net, alice, bob):
    """What one calls local the other calls remote."""
    caller, callee = (line.only(MediaNegotiated) for line in talking(net, alice, bob))

    assert (callee.local_addr, callee.remote_addr) == (caller.remote_addr, caller.local_addr)
    assert ("10.0.0.1", 40000) == caller.local_addr


def test_media_flow_is_told_outbound_first_and_then_both_ways(net, alice, bob):
    """Design §5: its direction keeps both reference documents true."""
    for line in talking(net, alice, bob):
        assert [FlowDirection.OUTBOUND, FlowDirection.BIDIRECTIONAL] == [
            event.direction for event in line.told(MediaFlowEstablished)
        ]


def test_the_evidence_names_its_source(net, alice, bob):
    """The first frame came from the other side's port."""
    caller, callee = talking(net, alice, bob)

    assert 40000 == caller.only(FirstAudioFrameReceived).ssrc
    assert ("10.0.0.2", 40000) == caller.only(RemoteMediaConfirmed).remote_addr
    assert (True, True) == (caller.only(AudioChannelsReady).can_send, callee.only(AudioChannelsReady).can_receive)


def test_remote_media_is_confirmed_again_when_rtcp_comes(net, alice, bob):
    """Design §5: at the first RTP or RTCP, and again when the other kind arrives."""
    caller, _ = talking(net, alice, bob)

    net.run_for(5.0)

    assert [(True, False), (True, True)] == [
        (event.rtp_flowing, event.rtcp_received) for event in caller.told(RemoteMediaConfirmed)
    ]


def test_the_end_of_a_call_is_the_last_that_is_told(net, alice, bob):
    """CallEnded comes after everything that it brings about."""
    caller, callee = talking(net, alice, bob)
    callee.hang_up()
    net.run_until_quiet()

    assert ("CallEnded", "CallEnded") == (caller.said[-1], callee.said[-1])


def test_who_hangs_up_is_told(net, alice, bob):
    """No SIP status ends a call that was answered; the reason says who did."""
    caller, callee = talking(net, alice, bob)
    callee.hang_up()
    net.run_until_quiet()

    assert (None, "hung up") == (callee.only(CallEnded).status, callee.only(CallEnded).reason)
    assert (None, "the peer hung up") == (caller.only(CallEnded).status, caller.only(CallEnded).reason)


def test_nothing_is_left_of_a_call(net, alice, bob):
    """Sessions, transactions, dialogs, timers and ports are gone 64*T1 after the end."""
    caller, _ = talking(net, alice, bob)
    caller.hang_up()

    assert quiet_and_empty(net, alice, bob)
    assert 32.0 == net.now


def test_two_calls_at_once_do_not_see_each_other(net, alice, bob):
    """Ending one leaves the other as it was."""
    first, _ = talking(net, alice, bob)
    second, _ = talking(net, alice, bob)

    first.hang_up()
    net.deliver()

    assert ("Terminated", "Active") == (first.state, second.state)
    assert ["Terminated", "Active"] == [line.state for line in bob.lines]


def test_a_call_can_go_both_ways_between_the_same_two(net, alice, bob):
    """Both are caller and callee at once."""
    out, _ = talking(net, alice, bob)
    back, _ = talking(net, bob, alice)

    assert {"Active"} == {line.media for line in (out, back, *alice.lines, *bob.lines)}


def test_the_ack_reaches_the_callee_once(net, alice, bob):
    """AckSent on one side, AckReceived on the other."""
    caller, callee = talking(net, alice, bob)

    assert (1, 1) == (caller.said.count("AckSent"), callee.said.count("AckReceived"))
