"""What tshark, which nobody here wrote, reads in datagrams that a test has caught."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Iterable
from pathlib import Path

from udp_peer import Datagram

from session_fsm.session.events import Address

FILE_HEADER = struct.pack("=IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101)  # pcap, in microseconds, of raw IP packets


def write_pcap(file: Path, datagrams: Iterable[Datagram], to: Address) -> None:
    """Write datagrams that arrived at this address as a capture would have them."""
    with file.open("wb") as out:
        out.write(FILE_HEADER)
        for datagram in datagrams:
            packet = _packet(datagram, to)
            seconds, rest = divmod(datagram.time, 1)
            out.write(struct.pack("=IIII", int(seconds), int(rest * 1e6), len(packet), len(packet)) + packet)


async def read(program: str, file: Path, *arguments: str) -> str:
    """Run it on a capture; what it says."""
    process = await asyncio.create_subprocess_exec(
        *(program, "-n", "-r", str(file), *arguments),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, complaint = await process.communicate()
    assert process.returncode == 0, complaint.decode(errors="replace")
    return said.decode()


def _packet(datagram: Datagram, to: Address) -> bytes:
    """IPv4 and UDP headers before the data; checksums of 0 are passed over."""
    udp = struct.pack("!HHHH", datagram.source[1], to[1], 8 + len(datagram.data), 0)
    source, destination = (bytes(map(int, host.split("."))) for host in (datagram.source[0], to[0]))
    header = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(udp) + len(datagram.data), 0, 0, 64, 17, 0)
    return header + source + destination + udp + datagram.data
