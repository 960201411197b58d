"""Other protocols on our ports: nothing is answered, everything is counted, and calls go on."""

from __future__ import annotations

import struct

import pytest

from session_fsm.testing import Line

DNS = bytes.fromhex("abcd01000001000000000000") + b"\x07example\x03com\x00\x00\x01\x00\x01"
FOREIGN = {
    "TLS hello": bytes.fromhex("16030100c8010000c40303") + bytes(range(190)),
    "DTLS hello": bytes.fromhex("16fefd0000000000000000007e0100007200000000000072fefd") + bytes(96),
    "DNS query": DNS,
    "mDNS answer": b"\x00\x00\x84\x00" + DNS[4:],
    "STUN request": bytes.fromhex("000100002112a442") + bytes(12),
    "old STUN request": bytes.fromhex("0001000001020304") + bytes(12),
    "TURN data": bytes.fromhex("4000001000000000") + bytes(8),
    "HTTP": b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "HTTP answer": b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    "SSDP": b'M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: "ssdp:discover"\r\nMX: 1\r\n\r\n',
    "RTSP": b"OPTIONS rtsp://127.0.0.1/ RTSP/1.0\r\nCSeq: 1\r\n\r\n",
    "NTP": b"\x1b" + bytes(47),
    "SNMP": bytes.fromhex("302902010104067075626c6963a01c02040000000002010002010030"),
    "RTP": struct.pack("!BBHII", 0x80, 0, 1, 160, 7) + bytes(160),
    "RTCP": bytes.fromhex("80c8000600000007") + bytes(20),
    "MGCP": b"AUEP 1 *@127.0.0.1 MGCP 1.0\r\n\r\n",
    "IAX2": bytes.fromhex("8001000000000000000006 01".replace(" ", "")) + bytes(20),
    "QUIC": bytes.fromhex("c30000000108") + bytes(1200),
    "WireGuard": b"\x01\x00\x00\x00" + bytes(144),
    "BitTorrent": b"d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:y1:qe",
    "XML": b'<?xml version="1.0"?><stream:stream xmlns="jabber:client">',
    "syslog": b"<34>1 2026-01-01T00:00:00Z host app - - - text",
    "keep-alive": b"\r\n\r\n",
    "one octet": b"\x00",
    "nothing": b"",
}


@pytest.mark.parametrize("data", FOREIGN.values(), ids=FOREIGN)
def test_nothing_foreign_is_answered_on_the_sip_port(net, bob, carol, mallory, data):
    """It is dropped and counted, while a call goes on; no session is made."""
    bob.when_called = Line.accept
    line = carol.call(bob)
    net.deliver()
    mallory.send(data, bob)
    net.deliver()

    assert ([], "Active", 1) == (mallory.received, line.state, len(bob.lines))
    assert 1 == sum(count for name, count in bob.counters.items() if name.startswith("dropped."))
