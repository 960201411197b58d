"""The four figures of RFC 3261 §17, as RFC 6026 amends them, arrow by arrow: what is sent and told on each."""

from __future__ import annotations

import pytest

from session_fsm.machine import compile_chart, step
from session_fsm.session import building

# (state, event, the state that the arrow leads to, what is sent or told on it)
INVITE_CLIENT = [
    ("Calling", "timer_a", "Calling", "send INVITE"),
    ("Calling", "timer_b", "Terminated", "tell timeout"),
    ("Calling", "transport_error", "Terminated", "tell transport_error"),
    ("Calling", "provisional", "Proceeding", "tell provisional"),
    ("Calling", "success", "Accepted", "tell success"),
    ("Calling", "failure", "Completed", "send ACK, tell failure"),
    ("Calling", "abandoned", "Terminated", ""),
    ("Proceeding", "provisional", "Proceeding", "tell provisional"),
    ("Proceeding", "success", "Accepted", "tell success"),
    ("Proceeding", "failure", "Completed", "send ACK, tell failure"),
    ("Proceeding", "transport_error", "Terminated", "tell transport_error"),
    ("Proceeding", "abandoned", "Terminated", ""),
    ("Completed", "failure", "Completed", "send ACK"),
    ("Completed", "timer_d", "Terminated", ""),
    ("Completed", "transport_error", "Terminated", ""),
    ("Accepted", "success", "Accepted", "tell success"),
    ("Accepted", "timer_m", "Terminated", ""),
]
INVITE_SERVER = [
    ("Proceeding", "timer_trying", "Proceeding", "send 100"),
    ("Proceeding", "invite_received", "Proceeding", "send last"),
    ("Proceeding", "send_provisional", "Proceeding", "send response"),
    ("Proceeding", "send_success", "Accepted", "send response"),
    ("Proceeding", "send_failure", "Completed", "send response"),
    ("Proceeding", "transport_error", "Terminated", "tell transport_error"),
    ("Completed", "invite_received", "Completed", "send last"),
    ("Completed", "timer_g", "Completed", "send last"),
    ("Completed", "ack_received", "Confirmed", ""),
    ("Completed", "timer_h", "Terminated", "tell timeout"),
    ("Completed", "transport_error", "Terminated", "tell transport_error"),
    ("Confirmed", "invite_received", "Confirmed", ""),
    ("Confirmed", "ack_received", "Confirmed", ""),
    ("Confirmed", "timer_i", "Terminated", ""),
    ("Accepted", "invite_received", "Accepted", ""),
    ("Accepted", "ack_received", "Accepted", ""),
    ("Accepted", "send_success", "Accepted", "send response"),
    ("Accepted", "timer_l", "Terminated", ""),
]
NON_INVITE_CLIENT = [
    ("Trying", "timer_e", "Trying", "send request"),
    ("Trying", "timer_f", "Terminated", "tell timeout"),
    ("Trying", "transport_error", "Terminated", "tell transport_error"),
    ("Trying", "provisional", "Proceeding", ""),
    ("Trying", "final", "Completed", "tell final"),
    ("Proceeding", "timer_e", "Proceeding", "send request"),
    ("Proceeding", "timer_f", "Terminated", "tell timeout"),
    ("Proceeding", "transport_error", "Terminated", "tell transport_error"),
    ("Proceeding", "provisional", "Proceeding", ""),
    ("Proceeding", "final", "Completed", "tell final"),
    ("Completed", "final", "Completed", ""),
    ("Completed", "timer_k", "Terminated", ""),
]
NON_INVITE_SERVER = [
    ("Trying", "request_received", "Trying", ""),
    ("Trying", "send_provisional", "Proceeding", "send response"),
    ("Trying", "send_final", "Completed", "send response"),
    ("Trying", "transport_error", "Terminated", ""),
    ("Proceeding", "request_received", "Proceeding", "send last"),
    ("Proceeding", "send_provisional", "Proceeding", "send response"),
    ("Proceeding", "send_final", "Completed", "send response"),
    ("Proceeding", "transport_error", "Terminated", ""),
    ("Completed", "request_received", "Completed", "send last"),
    ("Completed", "timer_j", "Terminated", ""),
    ("Completed", "transport_error", "Terminated", ""),
]

WORDS = {"send": "send", "emit": "tell"}


def arrow(chart, state, event):
    """Where an arrow leads, and what is sent or told on it."""
    found = step(compile_chart(building.shipped_charts()[chart].for_role("uac")), state, event, lambda guard: False)
    return found.state, ", ".join(f"{WORDS[kind]} {name}" for kind, name in found.effects if kind in WORDS)


@pytest.mark.parametrize(("state", "event", "to", "said"), INVITE_CLIENT)
def test_an_arrow_of_the_invite_client(state, event, to, said):
    """RFC 3261 §17.1.1 figure 5, and RFC 6026 §7.2."""
    assert (to, said) == arrow("invite_client", state, event)


@pytest.mark.parametrize(("state", "event", "to", "said"), INVITE_SERVER)
def test_an_arrow_of_the_invite_server(state, event, to, said):
    """RFC 3261 §17.2.1 figure 7, and RFC 6026 §7.1."""
    assert (to, said) == arrow("invite_server", state, event)


@pytest.mark.parametrize(("state", "event", "to", "said"), NON_INVITE_CLIENT)
def test_an_arrow_of_the_non_invite_client(state, event, to, said):
    """RFC 3261 §17.1.2 figure 6."""
    assert (to, said) == arrow("non_invite_client", state, event)


@pytest.mark.parametrize(("state", "event", "to", "said"), NON_INVITE_SERVER)
def test_an_arrow_of_the_non_invite_server(state, event, to, said):
    """RFC 3261 §17.2.2 figure 8."""
    assert (to, said) == arrow("non_invite_server", state, event)
