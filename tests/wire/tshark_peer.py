"""tshark as a second opinion: it counts the RTP streams of a capture, and we compare."""

from __future__ import annotations

import asyncio
import re
import signal
import socket
import struct
import subprocess
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from programs import require

LOOPBACK = bytes((127, 0, 0, 1))
RAW_IP = 101  # the link type of packets that begin with their IP header


@dataclass(frozen=True)
class RtpStream:
    """A line of `tshark -z rtp,streams`."""

    source_port: int
    destination_port: int
    ssrc: int
    packets: int
    lost: int
    mean_jitter_ms: float
    max_jitter_ms: float


def rtp_streams(capture: Path, *ports: int) -> list[RtpStream]:
    """What tshark finds in a capture, told which UDP ports are RTP."""
    tshark = require("tshark", "tshark")
    told = [word for port in ports for word in ("-d", f"udp.port=={port},rtp")]
    command = [tshark, "-r", str(capture), *told, "-q", "-z", "rtp,streams"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return [_stream(line) for line in done.stdout.splitlines() if " 0x" in line]


LINE = re.compile(
    r" (?P<source>\d+) +\S+ (?P<destination>\d+) (?P<ssrc>0x[0-9A-F]+) .* (?P<packets>\d+) +(?P<lost>-?\d+) \(\S+%\)"
    r"(?: +\S+){4} +(?P<mean>\S+) +(?P<most>\S+)"
)
"Ports, SSRC, packets, lost; three times between packets; jitter as least, mean and most."


def _stream(line: str) -> RtpStream:
    found = LINE.search(line)
    assert found is not None, f"tshark writes something else: {line}"
    return RtpStream(
        source_port=int(found["source"]),
        destination_port=int(found["destination"]),
        ssrc=int(found["ssrc"], 16),
        packets=int(found["packets"]),
        lost=int(found["lost"]),
        mean_jitter_ms=float(found["mean"]),
        max_jitter_ms=float(found["most"]),
    )


def write_capture(path: Path, packets: Iterable[tuple[float, bytes]], port: int) -> None:
    """A capture of UDP datagrams to a port of 127.0.0.1, each with the time of its arrival."""
    with path.open("wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, RAW_IP))
        for at, payload in packets:
            datagram = struct.pack("!HHHH", port, port, 8 + len(payload), 0) + payload
            head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(datagram), 0, 0, 64, 17, 0, LOOPBACK, LOOPBACK)
            seconds, fraction = divmod(at, 1)
            file.write(
                struct.pack("<IIII", int(seconds), round(fraction * 1e6), 20 + len(datagram), 20 + len(datagram))
            )
            file.write(head + datagram)


def datagrams(capture: Path, port: int) -> list[tuple[float, bytes]]:
    """What arrived at a UDP port, and when, as tshark has it."""
    tshark = require("tshark", "tshark")
    fields = [word for field in ("frame.time_epoch", "udp.payload") for word in ("-e", field)]
    command = [
        tshark,
        "-r",
        str(capture),
        "-Y",
        f"udp.dstport=={port} and udp.length > {8 + len(b'end')}",
        "-T",
        "fields",
        *fields,
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    lines = (line.split() for line in done.stdout.splitlines())
    return [(float(at), bytes.fromhex(payload)) for at, payload in lines]


@asynccontextmanager
async def captured(path: Path, port: int) -> AsyncIterator[None]:
    """Capture what passes to and from a UDP port of the loopback interface. Skips where that is not allowed."""
    tshark = require("tshark", "tshark")
    process = await asyncio.create_subprocess_exec(
        *(tshark, "-i", "lo", "-f", f"udp port {port}", "-w", str(path), "-P", "-l", "-n"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        while b"Capture started" not in (line := await process.stderr.readline()):
            if not line:
                pytest.skip("tshark may not capture on this machine's loopback interface")
        yield
        await _until_seen(process.stdout, port)
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGINT)
        await process.communicate()


async def _until_seen(lines: asyncio.StreamReader, port: int) -> None:
    """What the kernel still holds is not in the file yet: wait until a last datagram is."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
        last.bind(("127.0.0.1", 0))
        last.sendto(b"end", ("127.0.0.1", port))
        mark = str(last.getsockname()[1]).encode()
        while line := await lines.readline():
            if mark in line.split():
                return
