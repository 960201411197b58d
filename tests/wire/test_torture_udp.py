"""The torture messages of RFC 4475 and RFC 5118, fired over UDP at a live user agent, which stays alive.

The folder that SESSION_FSM_TORTURE names holds `rfc4475/` and `rfc5118/` with one `.dat` file a message. The messages
are sent as they are; whoever fires them listens at each port that their Via fields name.
"""

from __future__ import annotations

import asyncio
import os
import random
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from answering import over, taking

from session_fsm import CallState, IncomingInvite, UserAgent
from session_fsm.session.events import Address, IncomingCall

ASKED = "the application is asked"
SILENCE = "no answer"

PORTS = (5060, 5061, 5050, 6050, 19823)  # where the Via fields want their answers
ANYWHERE = random.Random()  # without a seed: two runs on one machine must not meet

# What a user agent without a registrar answers. Where the RFC leaves a choice, tests/sip/test_torture.py says why.
ANSWERS: dict[str, int | str] = {
    "wsinv": 481,  # well formed; its To has a tag, and there is no such dialog
    "intmeth": 501,
    "esc01": ASKED,
    "escnull": 405,
    "esc02": 501,
    "lwsdisp": 200,
    "longreq": ASKED,
    "dblreq": 405,
    "semiuri": 200,
    "transports": 200,
    "mpart01": 405,
    "unreason": SILENCE,  # a response to nothing
    "noreason": SILENCE,
    "badinv01": 400,
    "clerr": 400,
    "ncl": 400,
    "scalar02": 400,
    "scalarlg": SILENCE,  # a malformed response
    "quotbal": 400,
    "ltgtruri": 400,
    "lwsruri": 400,
    "lwsstart": ASKED,
    "trws": 200,
    "escruri": 400,
    "baddate": ASKED,
    "regbadct": 400,
    "badaspec": 200,
    "baddn": 400,
    "badvers": 505,
    "mismatch01": 400,
    "mismatch02": 501,
    "bigcode": SILENCE,
    "badbranch": 200,
    "insuf": 400,
    "unkscm": 416,
    "novelsc": 416,
    "unksm2": 405,
    "bext01": 420,
    "invut": 415,
    "regaut01": 405,
    "multi01": 400,
    "mcl01": 400,
    "bcast": SILENCE,
    "zeromf": 200,  # Max-Forwards is for proxies to look at
    "cparam01": 405,
    "cparam02": 405,
    "regescrt": 405,
    "sdp01": 406,
    "inv2543": ASKED,
    "test": 400,
    "ipv6-good": 405,
    "ipv6-bad": 400,
    "port-ambiguous": 405,
    "port-unambiguous": 405,
    "via-received-param-with-delim": 481,
    "via-received-param-no-delim": 200,
    "ipv6-in-sdp": 488,  # it offers G.726 alone
    "mult-ip-in-header": 481,
    "mult-ip-in-sdp": ASKED,
    "ipv4-mapped-ipv6": 488,  # the same
    "ipv6-bug-abnf-3-colons": 200,
    "ipv6-correct-abnf-2-colons": 200,
}

GARBAGE = {
    "nothing": b"",
    "a keep-alive": b"\r\n\r\n",
    "zeros": bytes(100),
    "one endless line": b"A" * 60000,
    "a start line alone": b"INVITE sip:agent@127.0.0.1 SIP/2.0\r\n\r\n",
    "header without end": b"OPTIONS sip:agent@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1",
    "many colons": b"OPTIONS sip:a SIP/2.0\r\n" + b":\r\n" * 9000 + b"\r\n",
    "many folded lines": b"OPTIONS sip:a SIP/2.0\r\nVia: x\r\n" + b" \r\n" * 9000 + b"\r\n",
    "noise": random.Random(3261).randbytes(1400),
}


class Shooter:
    """Sends from an address of its own on loopback, and hears what is answered to any of PORTS there."""

    def __init__(self) -> None:
        # All of 127.0.0.0/8 is this machine; an address that nobody uses has every port free.
        host = f"127.{ANYWHERE.randrange(1, 255)}.{ANYWHERE.randrange(256)}.{ANYWHERE.randrange(1, 255)}"
        self._sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in PORTS]
        self._heard: asyncio.Queue[bytes] = asyncio.Queue()
        self._probe = 0
        try:
            for opened, port in zip(self._sockets, PORTS, strict=True):
                opened.bind((host, port))
                opened.setblocking(False)
                asyncio.get_running_loop().add_reader(opened, self._read, opened)
        except OSError as error:
            self.close()
            pytest.skip(f"loopback has one address only: {error}")
        self._host = host

    def close(self) -> None:
        """Let go of every port."""
        for opened in self._sockets:
            asyncio.get_running_loop().remove_reader(opened)
            opened.close()

    async def fire(self, data: bytes, target: Address) -> list[int]:
        """Send it, and OPTIONS behind it; the statuses that were answered to it before OPTIONS was."""
        self._sockets[0].sendto(data, target)
        self._probe += 1
        sign = f"alive-{self._probe}-{self._host}"
        self._sockets[0].sendto(self._options(sign, target), target)
        answers = []
        async with asyncio.timeout(2):
            while sign.encode() not in (answer := await self._heard.get()):
                answers.append(int(answer[8:11]))
        assert answer.startswith(b"SIP/2.0 200 ")
        return answers

    def _read(self, opened: socket.socket) -> None:
        self._heard.put_nowait(opened.recv(65536))

    def _options(self, sign: str, target: Address) -> bytes:
        lines = [
            f"OPTIONS sip:agent@{target[0]}:{target[1]} SIP/2.0",
            f"Via: SIP/2.0/UDP {self._host};branch=z9hG4bK{sign}",
            "Max-Forwards: 70",
            f"From: <sip:probe@{self._host}>;tag=1",
            f"To: <sip:agent@{target[0]}>",
            f"Call-ID: {sign}",
            "CSeq: 1 OPTIONS",
            "Content-Length: 0",
            "",
            "",
        ]
        return "\r\n".join(lines).encode()


@pytest.fixture
async def shooter():
    """Closed with the test."""
    opened = Shooter()
    try:
        yield opened
    finally:
        opened.close()


@pytest.fixture(scope="module")
def folder() -> Path:
    named = os.environ.get("SESSION_FSM_TORTURE")
    if named is None:
        if os.environ.get("CI") == "true":
            pytest.fail("CI must name the folder of torture messages in SESSION_FSM_TORTURE")
        pytest.skip("SESSION_FSM_TORTURE names no folder with rfc4475/ and rfc5118/")
    return Path(named)


def messages(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every message with its name."""
    for file in sorted(folder.glob("rfc*/*.dat")):
        yield file.stem, file.read_bytes()


def questions(agent: UserAgent) -> int:
    """How often the application was asked."""
    return len([event for event in agent._log if isinstance(event, IncomingCall)])


def test_every_message_has_its_answer_here(folder: Path):
    """The table leaves no message out."""
    assert sorted(ANSWERS) == sorted(name for name, _ in messages(folder))


@pytest.mark.parametrize("name", ANSWERS)
async def test_answer(folder: Path, shooter: Shooter, agent: UserAgent, name: str):
    """What the RFC asks for or allows; and OPTIONS is answered right behind it."""
    data = dict(messages(folder))[name]

    answers = await shooter.fire(data, agent.address)

    expected = ANSWERS[name]
    assert ([expected] if isinstance(expected, int) else []) == answers
    assert (1 if expected == ASKED else 0) == questions(agent)


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_a_user_agent_survives_them_all_in_any_order(folder: Path, shooter: Shooter, seed: int):
    """Each is followed by an OPTIONS that is answered, and a call is taken at the end."""
    order = list(messages(folder))
    random.Random(seed).shuffle(order)

    async with UserAgent("sip:bob@127.0.0.1", bind="127.0.0.1:0") as bob:
        for _, data in order:
            await shooter.fire(data, bob.address)

        assert CallState.TERMINATED is await taken(bob)


@pytest.mark.parametrize("name", GARBAGE)
async def test_garbage_is_survived(shooter: Shooter, agent: UserAgent, name: str):
    """Whatever it is, the next request is answered and a call is taken."""
    await shooter.fire(GARBAGE[name], agent.address)

    assert 0 == questions(agent)
    assert CallState.TERMINATED is await taken(agent)


async def test_mutants_are_survived(shooter: Shooter, agent: UserAgent):
    """Two hundred requests with a few octets changed, cut or doubled, always the same ones."""
    dice = random.Random(5118)
    seed = shooter._options("mutant", agent.address)
    for _ in range(200):
        data = bytearray(seed)
        for _ in range(dice.randint(1, 6)):
            at = dice.randrange(len(data))
            match dice.randrange(3):
                case 0:
                    data[at] = dice.randrange(256)
                case 1:
                    del data[at : at + dice.randint(1, 20)]
                case 2:
                    data[at:at] = data[at : at + dice.randint(1, 40)]
        await shooter.fire(bytes(data), agent.address)

    assert CallState.TERMINATED is await taken(agent)


async def taken(agent: UserAgent) -> CallState:
    """How a plain call to this user agent ends that it takes."""

    async def take_ours(invite: IncomingInvite) -> None:
        """Callers of torture messages do not acknowledge what they get."""
        if invite.caller.startswith("sip:caller@127.0.0.1"):
            await over(await invite.accept())
        else:
            await invite.reject(603)

    async with UserAgent("sip:caller@127.0.0.1", bind="127.0.0.1:0") as caller, taking(agent, take_ours):
        async with caller.make_call(agent.contact) as call:
            await call.wait_for_media(timeout=20)
        await over(call)
        return call.state
