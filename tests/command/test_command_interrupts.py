"""Ctrl-C and SIGTERM, once and again, whatever a command is doing: never a traceback, and never a long wait."""

from __future__ import annotations

import re
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from command_line import Program, answering, calling, run, uri_of

from session_fsm import __main__

INTERRUPTED = 130


class Silent:
    """A telephone and registrar that says no more than it is told to."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(60)
        self.address = f"127.0.0.1:{self._socket.getsockname()[1]}"
        self.close = self._socket.close

    def hear(self, method: bytes) -> tuple[str, tuple[str, int]]:
        """The next request of this method, and where it came from."""
        while True:
            data, source = self._socket.recvfrom(65536)
            if data.startswith(method):
                return data.decode(), source

    def ring(self) -> None:
        """Answer an INVITE with 180."""
        invite, source = self.hear(b"INVITE")
        kept = re.findall(r"^(?:Via|From|Call-ID|CSeq): .*\r\n", invite, re.MULTILINE)
        self._socket.sendto(f"SIP/2.0 180 R\r\n{''.join(kept)}To: <sip:x@h>;tag=t\r\n\r\n".encode(), source)


@pytest.fixture
def silent() -> Iterator[Silent]:
    made = Silent()
    yield made
    made.close()


def ended(program: Program) -> tuple[int, bool]:
    """Its exit code, and whether it complained as only a fault of ours does."""
    return program.finish(), "Traceback" in program.log.read_text()


@pytest.mark.slow
def test_a_call_to_somebody_silent_ends_at_the_second_interrupt(tmp_path: Path, silent: Silent):
    """The first sends the CANCEL and waits for its answer; the second waits for nothing."""
    with calling(tmp_path, f"sip:x@{silent.address}") as caller:
        silent.ring()
        caller.until("StateChanged", new_state="Ringing")
        caller.interrupt()
        silent.hear(b"CANCEL")
        caller.interrupt()

        assert (INTERRUPTED, False) == ended(caller)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_call_that_waits_for_its_registrar_can_be_stopped(tmp_path: Path, silent: Silent, number: signal.Signals):
    """It is not placed; the registrar is asked to forget us, and has little time to answer."""
    account = ("--registrar", silent.address, "--user", "a", "--password", "b")
    with calling(tmp_path, f"sip:x@{silent.address}", *account) as caller:
        silent.hear(b"REGISTER")
        caller.interrupt(number)

        assert (3, False) == ended(caller)
    assert "was not called: stopped before the registrar had answered" in caller.log.read_text()


@pytest.mark.slow
def test_a_drain_is_cut_short_by_the_second_signal(tmp_path: Path):
    """`answer --drain`: the call that goes on is hung up by a BYE."""
    with (
        answering(tmp_path, "--drain", "1000", calls=50) as callee,
        calling(tmp_path, uri := uri_of(callee), "--seconds", "60") as caller,
    ):
        caller.until("AudioChannelsReady")
        callee.until("AudioChannelsReady")
        callee.interrupt(signal.SIGTERM)
        # Who calls now is turned away: the drain has begun.
        while "503" not in run("call", uri, "--seconds", "0.1").stderr:
            pass
        callee.interrupt(signal.SIGTERM)

        assert (0, 0) == (caller.finish(), callee.finish())
    assert "the peer hung up" == caller.summary["reason"]


def test_ctrl_c_while_the_command_line_is_being_loaded_is_no_traceback(monkeypatch: pytest.MonkeyPatch):
    """Reading typer and numpy takes long enough to be interrupted."""

    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(__main__, "_main", interrupted)
    with pytest.raises(SystemExit) as ended:
        __main__.main()

    assert INTERRUPTED == ended.value.code
