"""Whoever forges a source address gets the victim no more than half as much again as was sent. RFC 3261 §26.1.5."""

from __future__ import annotations

import pytest

from session_fsm.session.challenger import DigestPolicy
from session_fsm.session.settings import Settings
from session_fsm.testing import Network, Phone

LIMIT = 1.5

HEAD = """\
Via: SIP/2.0/UDP 10.0.0.66;branch=z9hG4bKa
From: <sip:m@10.0.0.66>;tag=m
To: <sip:bob@10.0.0.2>
Call-ID: a
"""

REQUESTS = {
    "405": f"REGISTER sip:10.0.0.2 SIP/2.0\n{HEAD}CSeq: 1 REGISTER\n\n",
    "501": f"DANCE sip:10.0.0.2 SIP/2.0\n{HEAD}CSeq: 1 DANCE\n\n",
    "481 BYE": f"BYE sip:bob@10.0.0.2 SIP/2.0\n{HEAD}CSeq: 1 BYE\n\n",
    "481 CANCEL": f"CANCEL sip:bob@10.0.0.2 SIP/2.0\n{HEAD}CSeq: 1 CANCEL\n\n",
    "416": f"INVITE tel:+1555 SIP/2.0\n{HEAD}CSeq: 1 INVITE\nContact: <sip:m@10.0.0.66>\n\n",
    "420": f"INVITE sip:bob@10.0.0.2 SIP/2.0\n{HEAD}CSeq: 1 INVITE\nRequire: {'x' * 80}, {'y' * 80}\n\n",
    "415": f"INVITE sip:bob@10.0.0.2 SIP/2.0\n{HEAD}CSeq: 1 INVITE\nContent-Type: a/b\nContent-Length: 1\n\n.",
    "406": f"INVITE sip:bob@10.0.0.2 SIP/2.0\n{HEAD}CSeq: 1 INVITE\nAccept: a/b\n\n",
    "400 no CSeq": f"INVITE sip:bob@10.0.0.2 SIP/2.0\n{HEAD}\n",
    "400 nothing": "INVITE sip:bob@10.0.0.2 SIP/2.0\n\n",
    "400 many Vias": "OPTIONS sip:b SIP/2.0\n" + "v: SIP/2.0/UDP a;branch=z9hG4bKb\n" * 500 + "\n",
    "505": f"INVITE sip:bob@10.0.0.2 SIP/3.0\n{HEAD}CSeq: 1 INVITE\n\n",
    "compact": "OPTIONS sip:b SIP/2.0\nv:SIP/2.0/UDP a;branch=z9hG4bK1\nf:<sip:a>;tag=1\nt:<sip:b>\ni:1\n"
    "CSeq:1 OPTIONS\n\n",
    "488": f"INVITE sip:bob@10.0.0.2 SIP/2.0\n{HEAD}CSeq: 1 INVITE\nContact: <sip:m@10.0.0.66>\n"
    "Content-Type: application/sdp\nContent-Length: 82\n\nv=0\no=- 1 1 IN IP4 10.0.0.66\ns=-\n"
    "c=IN IP4 10.0.0.66\nt=0 0\nm=audio 4 RTP/AVP 18\n",
    "options": f"OPTIONS sip:10.0.0.2 SIP/2.0\n{HEAD}CSeq: 1 OPTIONS\n\n",
}


@pytest.mark.parametrize("text", REQUESTS.values(), ids=REQUESTS)
def test_all_that_a_refusal_makes_us_send_is_no_more_than_half_as_much_again(net, bob, mallory, text):
    """All responses together, for as long as any timer runs."""
    sent = mallory.send(text, bob)
    net.run_until_quiet()

    assert sum(len(answer.data) for answer in bob.sent) <= LIMIT * len(sent.data)


def test_a_challenge_is_no_more_than_half_as_much_again(mallory):
    """Of two algorithms the better one is asked for alone, where both would be too much."""
    bob = Phone("bob", "10.0.0.2", challenge=DigestPolicy("bob", {}.get))
    net = Network(bob, mallory)
    asked = []
    for filling in (40, 600):
        note = "x" * filling
        text = f"INVITE sip:bob@10.0.0.2 SIP/2.0\n{HEAD}CSeq: 1 INVITE\nContact: <sip:m@10.0.0.66>\nX: {note}\n\n"
        sent = mallory.send(text.replace("z9hG4bKa", f"z9hG4bK{filling}"), bob)
        net.run_until_quiet()
        assert len(bob.sent[-1].data) <= LIMIT * len(sent.data)
        asked.append(bob.sent[-1].data.count(b"WWW-Authenticate"))

    assert [1, 2] == asked


def test_a_full_house_sends_no_more_than_half_as_much_again(mallory):
    """The flood's 503."""
    bob = Phone("bob", "10.0.0.2", settings=Settings(max_sessions=0))
    net = Network(bob, mallory)
    sent = mallory.send(f"INVITE sip:bob@10.0.0.2 SIP/2.0\n{HEAD}CSeq: 1 INVITE\n\n", bob)
    net.run_until_quiet()

    assert ["503"] == [str(answer.status) for answer in bob.sent]
    assert len(bob.sent[0].data) <= LIMIT * len(sent.data)


def test_a_request_that_is_smaller_than_any_answer_gets_none(net, bob, mallory):
    """It is no request that anybody would send in earnest; it is counted."""
    mallory.send("INVITE a SIP/2.0\n\n", bob)
    net.deliver()

    assert (0, 1) == (len(bob.sent), bob.counters["dropped.request smaller than its answer"])


def test_a_copy_of_what_was_refused_gets_the_same_answer(net, bob, mallory):
    """RFC 3261 §8.2.7: nothing is kept, and the To tag is the same nevertheless."""
    for _ in range(2):
        mallory.send(REQUESTS["481 BYE"], bob)
    net.run_until_quiet()

    assert bob.sent[0].data == bob.sent[1].data


def test_answers_go_back_to_the_source_wherever_maddr_aims(net, bob, mallory):
    """Departure from RFC 3261 §18.2.2: maddr was made for multicast, and would aim our answers at a victim."""
    text = REQUESTS["481 BYE"].replace("10.0.0.66;branch", "10.0.0.66;maddr=10.0.0.99;branch")
    mallory.send(text, bob)
    net.deliver()

    assert [mallory.address] == [answer.destination for answer in bob.sent]
