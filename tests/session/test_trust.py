"""To whom a password is proven: the servers that were named, by their names and by the addresses that they show."""

from __future__ import annotations

import pytest

from session_fsm.session.account import Credentials, account_of
from session_fsm.session.keyring import Trust
from session_fsm.sip import Request, Response, SipUri

NAMED = ("pbx.test", 5060)
SHOWN = ("10.0.0.5", 5060)
ELSEWHERE = ("10.0.0.6", 5060)
CHALLENGE = [("WWW-Authenticate", 'Digest realm="Asterisk", nonce="n", algorithm=MD5, qop="auth"')]


@pytest.fixture
def trust():
    """Of a user agent whose registrar was given by name, once that one has challenged the REGISTER."""
    made = Trust(account_of("pbx.test", Credentials("alice", "secret"), None, 3600), "example.test")
    register = request("REGISTER")
    made.learn(made.asked_by(challenged(), register, NAMED), register, NAMED, SHOWN)
    return made


def request(method: str) -> Request:
    return Request(method, SipUri.parse("sip:bob@example.test"), [], b"")


def challenged() -> Response:
    return Response(401, "Unauthorized", CHALLENGE, b"")


def test_the_address_of_a_registrar_that_was_named_is_learnt(trust):
    """A call through it, to its address, is challenged by the same server."""
    (asked,) = trust.asked_by(challenged(), request("INVITE"), SHOWN)

    assert "alice" == asked.credentials.user


def test_its_realm_proves_nothing_to_another_host(trust):
    (asked,) = trust.asked_by(challenged(), request("INVITE"), ELSEWHERE)

    assert asked.credentials is None
    assert "10.0.0.6:5060 is neither our registrar nor our proxy, and gets no answer for Asterisk" == asked.refusal


def test_a_host_of_nobody_s_teaches_nothing(trust):
    """Whoever answers in the place of a stranger is not believed to be the registrar."""
    register = request("REGISTER")
    trust.learn(trust.asked_by(challenged(), register, ELSEWHERE), register, ELSEWHERE, ELSEWHERE)

    assert ELSEWHERE not in trust.places
