"""A message can be read, its values be used, and be answered."""

from __future__ import annotations

from session_fsm.sip import Accepted, Echo, read

INVITE = (
    b"INVITE sip:bob@127.0.0.1:5070 SIP/2.0\r\n"
    b"Via: SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bKabc;rport\r\n"
    b"From: <sip:alice@127.0.0.1>;tag=one\r\n"
    b"To: <sip:bob@127.0.0.1>\r\n"
    b"Call-ID: some-call\r\n"
    b"CSeq: 7 INVITE\r\n"
    b"\r\n"
)


def test_an_answer_repeats_the_request_with_our_tag():
    """RFC 3261 §8.2.6.2: Via, From, To with a tag, Call-ID and CSeq come back."""
    verdict = read(INVITE)
    assert isinstance(verdict, Accepted)

    answer = read(Echo(verdict.message, "two", received_from=("127.0.0.1", 5060)).response(200))

    assert isinstance(answer, Accepted)
    assert ("z9hG4bKabc", "some-call", 7, "one", "two") == (
        answer.message.branch,
        answer.message.call_id,
        answer.message.cseq.number,
        answer.message.from_tag,
        answer.message.to_tag,
    )
