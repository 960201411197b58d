"""A callee's BYE that comes before its 2xx: whoever has ended is in no call. RFC 3261 §13.3.1.4, §15, §13.2.2.4."""

from __future__ import annotations

import pytest
from plain_calls import quiet_and_empty

from session_fsm.session.events import CallEnded, DialogStateChanged


def unheard(net, alice, bob, *, rings: bool):
    """The caller's line, when the callee has given up waiting for the ACK to a 200 that is still on its way."""
    line = alice.call(bob)
    net.deliver()
    if rings:
        bob.line.ring()
    net.run_for(0.3)  # until 100 Trying has come, which is no answer and makes no dialog
    net.hold(status=200, method="INVITE")
    bob.line.accept()
    net.run_until(lambda: bob.sent.of("BYE"))
    net.deliver()
    return line


@pytest.mark.parametrize("rings", [True, False], ids=["after 180", "after 100"])
def test_the_bye_of_a_callee_that_waited_in_vain_is_refused(net, alice, bob, rings):
    """RFC 3261 §15.1.2: no dialog is confirmed here that it could end."""
    line = unheard(net, alice, bob, rings=rings)

    assert (1, "Ringing" if rings else "Proceeding") == (alice.sent.count(status=481), line.state)


@pytest.mark.parametrize("rings", [True, False], ids=["after 180", "after 100"])
def test_the_2xx_that_it_overtook_begins_no_call(net, alice, bob, rings):
    """It gets its ACK and a BYE, and the caller is told that the other has hung up."""
    line = unheard(net, alice, bob, rings=rings)

    late = len(net.held)
    net.release()
    net.deliver()

    assert (late, 1) == (alice.sent.count("ACK"), alice.sent.count("BYE"))
    assert "Unwanted" == [str(event.new_state) for event in line.told(DialogStateChanged)][-1]
    assert ("Terminated", "the peer hung up") == (line.state, line.only(CallEnded).reason)
    assert quiet_and_empty(net, alice, bob)


def test_a_refusal_after_the_bye_ends_the_dialog(net, alice, peer):
    """A callee that errs: it sends BYE in an early dialog, and then refuses."""
    line = alice.call(peer)
    net.deliver()
    invite = peer.received.of("INVITE")[0]
    peer.respond(invite, 180)
    net.deliver()
    peer.request("BYE", alice, to_tag=invite.request.from_tag, call_id=invite.request.call_id, cseq=1)
    net.deliver()
    peer.respond(invite, 486)
    net.deliver()

    assert ["Early", "Overtaken", "Terminated"] == [str(event.new_state) for event in line.told(DialogStateChanged)]
