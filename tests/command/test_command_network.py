"""`session-fsm call` and `answer` in both families, behind a NAT, and when a service manager stops them."""

from __future__ import annotations

import signal
import socket
from pathlib import Path

import pytest
from command_line import Program, answering, calling, uri_of


def has_ipv6() -> bool:
    """Whether this machine has an IPv6 loopback."""
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


needs_ipv6 = pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")


@pytest.mark.slow
@needs_ipv6
@pytest.mark.parametrize("bind", ["[::1]:0", "[::]:0"])
def test_a_call_over_ipv6(tmp_path: Path, bind: str):
    """`answer --bind [::1]:0`, and a `call` that binds where the target is reached."""
    with Program(tmp_path, "callee", "answer", "--bind", bind, "--calls", 1) as callee:
        port = callee.until("Listening")["address"][1]
        with calling(tmp_path, f"sip:bob@[::1]:{port}", "--seconds", "0.1") as caller:
            caller.until("AudioChannelsReady")

            assert (0, 0) == (caller.finish(), callee.finish())
    assert "c=IN IP6 ::1" in callee.first("SdpEvent")["sdp"]


@pytest.mark.slow
def test_an_advertised_address_is_what_the_peer_is_told(tmp_path: Path):
    """In the description; the call fails to hear anything, as nobody is there, and ends as asked."""
    with (
        answering(tmp_path) as callee,
        calling(tmp_path, uri_of(callee), "--advertise", "192.0.2.7", "--seconds", "0.1") as caller,
    ):
        assert "c=IN IP4 192.0.2.7" in callee.until("SdpEvent")["sdp"]
        assert "sip:caller@192.0.2.7" == caller.until("Listening")["uri"].rpartition(":")[0]
        caller.kill()


def late_caller(folder: Path, uri: str) -> str:
    """What comes of one more call: the name of its last event."""
    with calling(folder, uri, "--seconds", "0", name="late") as late:
        late.finish()
    return late.of_type("CallEnded", "CallFailed")[-1]["type"]


def test_sigterm_lets_calls_end_by_themselves_for_so_long(tmp_path: Path):
    """`answer --drain`: a service manager's SIGTERM does not cut anybody off."""
    with (
        answering(tmp_path, "--drain", "60", calls=9) as callee,
        calling(tmp_path, uri_of(callee), "--seconds", "60") as caller,
    ):
        caller.until("AudioChannelsReady")
        callee.interrupt(signal.SIGTERM)
        # The signal is on its way; whoever calls before it is there is answered.
        while late_caller(tmp_path, callee.first("Listening")["uri"]) == "CallEnded":
            pass
        caller.interrupt()

        assert (0, 0) == (caller.finish(), callee.finish())
    assert "hung up" == caller.summary["reason"]
