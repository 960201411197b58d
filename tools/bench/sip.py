"""What the SIP codec costs for an INVITE with SDP, beside sipmessage."""

from __future__ import annotations

from collections.abc import Callable

from session_fsm.sip import Accepted, CSeq, Echo, HeaderValue, NameAddr, Request, SipUri, read
from tools.bench.measure import Measure, Table, interleaved, microseconds
from tools.bench.others import Aiosipua

PASSES = 5  # over a hundred messages, in a round

BODY = (
    b"v=0\r\no=alice 2890844526 2890844526 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
    b"m=audio 49170 RTP/AVP 0 8 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n"
    b"a=rtpmap:101 telephone-event/8000\r\na=ptime:20\r\na=sendrecv\r\n"
)
INVITE = (
    b"INVITE sip:bob@192.0.2.4:5060 SIP/2.0\r\n"
    b"Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK776asdhds%d;rport\r\n"
    b"Max-Forwards: 70\r\n"
    b'From: "Alice" <sip:alice@192.0.2.1>;tag=1928301774%d\r\n'
    b"To: <sip:bob@192.0.2.4>\r\n"
    b"Call-ID: a84b4c76e66710%d@192.0.2.1\r\n"
    b"CSeq: 314159 INVITE\r\n"
    b"Contact: <sip:alice@192.0.2.1:5060>\r\n"
    b"Allow: INVITE, ACK, BYE, CANCEL, OPTIONS\r\n"
    b"Supported: replaces\r\n"
    b"User-Agent: bench/1.0\r\n"
    b"Content-Type: application/sdp\r\n"
    b"Content-Length: %d\r\n"
    b"\r\n%b"
)
MESSAGES = [INVITE % (n, n, n, len(BODY), BODY) for n in range(100)]
SOURCE = ("192.0.2.1", 5060)
ALICE = NameAddr(SipUri("192.0.2.1", user="alice"), "Alice", {"tag": "1928301774"})
BOB = NameAddr(SipUri("192.0.2.4", user="bob", port=5060))


def accepted(datagram: bytes) -> Request:
    verdict = read(datagram)
    assert isinstance(verdict, Accepted)
    assert isinstance(verdict.message, Request)
    return verdict.message


def read_all() -> None:
    for datagram in MESSAGES:
        read(datagram)


def read_and_look() -> None:
    for datagram in MESSAGES:
        message = accepted(datagram)
        _ = (message.via.host, message.from_.uri, message.to.uri, message.cseq.number, message.contact, message.call_id)


def build_all() -> None:
    for n in range(len(MESSAGES)):
        fields: list[tuple[str, HeaderValue]] = [
            ("Via", f"SIP/2.0/UDP 192.0.2.1:5060;rport;branch=z9hG4bK776asdhds{n}"),
            ("Max-Forwards", 70),
            ("From", ALICE),
            ("To", BOB),
            ("Call-ID", f"a84b4c76e66710{n}@192.0.2.1"),
            ("CSeq", CSeq(314159, "INVITE")),
            ("Contact", "<sip:alice@192.0.2.1:5060>"),
            ("Allow", "INVITE, ACK, BYE, CANCEL, OPTIONS"),
            ("Content-Type", "application/sdp"),
        ]
        Request("INVITE", BOB.uri, fields, BODY).encode()


def sipmessage_contestants() -> dict[str, Callable[[], None]]:
    try:
        import sipmessage
    except ImportError:
        return {}

    def parse() -> None:
        for datagram in MESSAGES:
            sipmessage.Message.parse(datagram)

    def parse_and_look() -> None:
        for datagram in MESSAGES:
            message = sipmessage.Message.parse(datagram)
            _ = (
                message.via[0].host,
                message.from_address.uri,
                message.to_address.uri,
                message.cseq.sequence,
                message.contact[0],
                message.call_id,
            )

    return {"read": parse, "read, six typed values": parse_and_look}


def own_contestants() -> dict[str, Callable[[], None]]:
    requests = [accepted(datagram) for datagram in MESSAGES]
    echoes = [Echo(request, "tag", received_from=SOURCE) for request in requests]
    contact = [("Contact", "<sip:bob@192.0.2.4:5060>")]

    def make_echo() -> None:
        for request in requests:
            Echo(request, "tag", received_from=SOURCE)

    def answer() -> None:
        for echo in echoes:
            echo.response(200)

    def answer_with_sdp() -> None:
        for echo in echoes:
            echo.response(200, headers=contact, body=BODY)

    def look_again() -> None:
        for r in requests:
            _ = (r.method, r.branch, r.call_id, r.cseq, r.from_tag, r.to_tag, r.via)

    return {
        "read": read_all,
        "read, six typed values": read_and_look,
        "look again at seven values": look_again,
        "make an Echo": make_echo,
        "response from the Echo": answer,
        "response with Contact and SDP": answer_with_sdp,
        "build and encode an INVITE": build_all,
    }


def run(other: Aiosipua) -> Table:
    table = Table(name="sip", title="SIP: one INVITE with SDP", unit="µs")
    theirs = sipmessage_contestants()
    both = {
        **own_contestants(),
        **{f"sipmessage: {name}": contestant for name, contestant in theirs.items()},
    }
    table.rows = interleaved({name: _a_message(contestant) for name, contestant in both.items()}, rounds=7)
    typed = "read, six typed values"
    table.must(f"{typed}, of sipmessage's", typed, f"sipmessage: {typed}", 1 / 2)
    if not theirs:
        table.notes.append("sipmessage is not installed")
    return table


def _a_message(contestant: Callable[[], None]) -> Measure:
    measure = microseconds(contestant, PASSES)
    return lambda: measure() / len(MESSAGES)
