"""A registrar on a real socket, for tests of what people see: it asks for a digest, or does as it is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

from session_fsm.sip import Accepted, Address, Echo, Request, read
from session_fsm.sip.digest import Challenge, DigestAnswer


class UdpRegistrar(asyncio.DatagramProtocol):
    """Keeps Contacts. `password=None` asks nobody who they are; a `status` is the answer to everybody."""

    def __init__(self, password: str | None = None, *, status: int = 200, realm: str = "127.0.0.1") -> None:
        self.password = password
        self.status = status
        self.realm = realm
        self.bindings: dict[str, str] = {}
        "Contact -> seconds."
        self.requests: list[Request] = []
        self.address: Address = ("", 0)
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)
        self.address = transport.get_extra_info("sockname")[:2]

    def datagram_received(self, data: bytes, source: Address) -> None:
        verdict = read(data)
        if not isinstance(verdict, Accepted) or not isinstance(verdict.message, Request):
            return
        request = verdict.message
        self.requests.append(request)
        status, headers = self._judge(request)
        if status and self._transport is not None:
            self._transport.sendto(Echo(request, "r", received_from=source).response(status, headers=headers), source)

    def _judge(self, request: Request) -> tuple[int, list[tuple[str, str]]]:
        if self.status != 200:
            return self.status, []
        answers = [DigestAnswer.parse(row) for row in request.rows("authorization")]
        if self.password is not None and not any(one.is_right(self.password, request.method) for one in answers):
            challenge = Challenge(realm=self.realm, nonce=f"n{len(self.requests)}", algorithm="SHA-256", qop=("auth",))
            return 401, [("WWW-Authenticate", str(challenge))]
        contact = request.contact
        assert contact is not None
        seconds = contact.params.get("expires") or "0"
        self.bindings[str(contact.uri)] = seconds
        if seconds == "0":
            del self.bindings[str(contact.uri)]
        return 200, [("Contact", f"<{uri}>;expires={kept}") for uri, kept in self.bindings.items()]


@asynccontextmanager
async def udp_registrar(
    password: str | None = None, *, status: int = 200, realm: str = "127.0.0.1"
) -> AsyncIterator[UdpRegistrar]:
    """A registrar on a port of its own."""
    loop = asyncio.get_running_loop()
    transport, registrar = await loop.create_datagram_endpoint(
        lambda: UdpRegistrar(password, status=status, realm=realm), local_addr=("127.0.0.1", 0)
    )
    try:
        yield registrar
    finally:
        transport.close()
