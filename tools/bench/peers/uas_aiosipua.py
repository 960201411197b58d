"""The closest Python peer as a callee: `PYTHON uas_aiosipua.py [media]`, where PYTHON has aiosipua (and aiortp).

Imports nothing of ours, because it runs with another Python's packages.
"""

from __future__ import annotations

import asyncio
import socket
import sys

from aiosipua import IncomingCall, SipUAS, negotiate_sdp
from aiosipua.transport import UdpSipTransport

HOST = "127.0.0.1"


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((HOST, 0))
        port: int = sock.getsockname()[1]
        return port


def answer(call: IncomingCall) -> None:
    said, _ = negotiate_sdp(offer=call.sdp_offer, local_ip=HOST, rtp_port=40000, supported_codecs=[0, 8])
    call.ringing()
    call.accept(said)


async def answer_with_media(call: IncomingCall, sessions: dict[str, object], port: int) -> None:
    from aiosipua.rtp_bridge import CallSession

    session = CallSession(local_ip=HOST, rtp_port=port, offer=call.sdp_offer)
    sessions[call.call_id] = session
    call.ringing()
    call.accept(session.sdp_answer)
    await session.start()


async def answer_calls(with_media: bool) -> None:
    port = free_port()
    uas = SipUAS(UdpSipTransport(local_addr=(HOST, port)))
    if with_media:
        serve_media(uas)
    else:
        uas.on_invite = answer
    await uas.start()
    print("ready", port, flush=True)
    await asyncio.Event().wait()


def serve_media(uas: SipUAS) -> None:
    loop = asyncio.get_running_loop()
    sessions: dict[str, object] = {}
    running: set[asyncio.Task[None]] = set()
    count = 0

    def spawn(work) -> None:  # type: ignore[no-untyped-def]
        task = loop.create_task(work)
        running.add(task)
        task.add_done_callback(running.discard)

    def invited(call: IncomingCall) -> None:
        nonlocal count
        count += 1
        spawn(answer_with_media(call, sessions, 20000 + 2 * (count % 5000)))

    def ended(call: IncomingCall, request: object) -> None:
        session = sessions.pop(call.call_id, None)
        if session is not None:
            spawn(session.close())  # type: ignore[attr-defined]

    uas.on_invite = invited
    uas.on_bye = ended


if __name__ == "__main__":
    asyncio.run(answer_calls("media" in sys.argv[1:]))
