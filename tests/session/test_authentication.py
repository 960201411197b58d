"""`authentication.toml` on the network: our requests are challenged. RFC 3261 §22, RFC 7616 §3.4, RFC 8760 §2.4."""

from __future__ import annotations

import pytest
from plain_calls import answered_by, talking

from session_fsm.sdp import MediaDirection
from session_fsm.session.account import Account, Credentials, proxy_uri
from session_fsm.session.challenger import DigestPolicy
from session_fsm.session.events import CallFailed, CallState
from session_fsm.session.settings import Settings
from session_fsm.sip import Request
from session_fsm.sip.digest import Challenge, DigestAnswer
from session_fsm.testing import Datagram, Leftovers, Network, Phone, ScriptedPeer

REALM = "peer.example"
SECRET = Account(credentials=(Credentials("alice", "secret", REALM),))
EVERYTHING = DigestPolicy(
    "bob.example",
    {"alice": "secret"}.get,
    methods=("INVITE", "BYE", "OPTIONS", "UPDATE", "INFO"),
    in_dialogs=True,
)
BOBS = Account(credentials=(Credentials("alice", "secret", "bob.example"),))


def asking(
    peer: ScriptedPeer, times: int = 1, *, status: int = 401, method: str = "INVITE", **said: object
) -> ScriptedPeer:
    """Make a peer challenge the first requests of a method."""
    left = list(range(times))
    name = "WWW-Authenticate" if status == 401 else "Proxy-Authenticate"
    values = {"realm": REALM, "qop": ("auth",), **said}

    def ask(datagram: Datagram) -> None:
        if left:
            challenge = Challenge(nonce=f"nonce-{left.pop()}", **values)  # type: ignore[arg-type]
            peer.respond(datagram, status, headers=[(name, str(challenge))], contact=False)

    return peer.when(method, ask)


def answer_in(request: Request, name: str = "Authorization") -> DigestAnswer | None:
    rows = request.rows(name)
    return DigestAnswer.parse(rows[0]) if rows else None


def invites(peer: ScriptedPeer) -> list[Request]:
    return [datagram.request for datagram in peer.received.of("INVITE")]


def caller(account: Account = SECRET) -> Phone:
    return Phone("alice", "10.0.0.1", account=account)


@pytest.mark.parametrize(("status", "name"), [(401, "Authorization"), (407, "Proxy-Authorization")])
def test_a_challenged_invite_is_sent_again_with_an_answer(peer, status, name):
    """RFC 3261 §8.1.3.5: same Call-ID, To and From, the next CSeq number, a new branch, and the ACK to the first."""
    alice = caller()
    net = Network(alice, asking(peer, status=status))

    alice.call(peer)
    net.deliver()

    first, second = invites(peer)
    answer = answer_in(second, name)
    assert answer is not None
    assert (True, str(second.uri)) == (answer.is_right("secret", "INVITE"), answer.uri)
    same = [(one.call_id, str(one.from_), str(one.to), one.body) for one in (first, second)]
    assert same[0] == same[1]
    assert (1, 2, True) == (first.cseq.number, second.cseq.number, first.branch != second.branch)
    assert 1 == peer.received.count("ACK")


def test_the_call_does_not_notice(peer):
    """What the application is told is that of a call without a challenge."""
    alice = caller()
    net = Network(alice, asking(peer))
    line = alice.call(peer)
    net.deliver()
    peer.respond(peer.received.of("INVITE")[-1], 200, body=peer.sdp())
    net.deliver()

    told = [type(event).__name__ for event in line.events]

    assert CallState.ACTIVE == line.state
    assert (1, 1) == (told.count("CallInitiated"), told.count("CallAnswered"))


def test_the_ack_carries_the_answers_of_its_invite(peer):
    """RFC 3261 §22.1."""
    alice = caller()
    net = Network(alice, asking(peer))

    alice.call(peer)
    net.deliver()
    peer.respond(peer.received.of("INVITE")[-1], 200, body=peer.sdp())
    net.deliver()

    invite, ack = invites(peer)[-1], peer.received.of("ACK")[-1].request
    assert invite.get("Authorization") == ack.get("Authorization")


@pytest.mark.parametrize("reoffer", ["INVITE", "UPDATE"])
def test_every_request_of_a_call_is_answered_for(reoffer):
    """INVITE, re-INVITE or UPDATE, and BYE; those after the first carry the answer at once."""
    alice = Phone("alice", "10.0.0.1", account=BOBS, settings=Settings(reoffer=reoffer))
    bob = Phone("bob", "10.0.0.2", challenge=EVERYTHING)
    net = Network(alice, bob)
    line, theirs = talking(net, alice, bob)

    line.reinvite(MediaDirection.SENDONLY)
    net.deliver()
    held = theirs.state
    line.hang_up()
    net.run_until_quiet()

    assert (CallState.ON_HOLD, CallState.TERMINATED, CallState.TERMINATED) == (held, line.state, theirs.state)
    assert 1 == bob.sent.count(status=401)
    assert (Leftovers(), Leftovers()) == (alice.leftovers, bob.leftovers)


@pytest.mark.parametrize("reoffer", ["INVITE", "UPDATE"])
def test_requests_after_a_nonce_has_expired_are_challenged_and_answered_anew(reoffer):
    """RFC 7616 §3.3: stale says that the password was right."""
    alice = Phone("alice", "10.0.0.1", account=BOBS, settings=Settings(reoffer=reoffer))
    bob = Phone("bob", "10.0.0.2", challenge=EVERYTHING)
    net = Network(alice, bob)
    line, theirs = talking(net, alice, bob)

    net.run_for(100)
    line.reinvite(MediaDirection.SENDONLY)
    net.deliver()
    held = theirs.state
    net.run_for(100)
    line.hang_up()
    net.run_until_quiet()

    assert (CallState.ON_HOLD, CallState.TERMINATED, CallState.TERMINATED) == (held, line.state, theirs.state)
    assert (2, 3) == (bob.counters["digest.stale"], bob.sent.count(status=401))


def test_a_bye_is_challenged_alone(peer):
    """A peer may ask when it likes."""
    alice = caller()
    net = Network(alice, asking(peer, method="BYE"))
    line, _ = answered_by(net, alice, peer)

    line.hang_up()
    net.deliver()
    byes = [datagram.request for datagram in peer.received.of("BYE")]
    peer.respond(peer.received.of("BYE")[-1], 200)
    net.deliver()

    assert [2, 3] == [bye.cseq.number for bye in byes]
    assert CallState.TERMINATED == line.state


def test_a_second_challenge_of_the_same_realm_is_the_end(peer):
    """RFC 3261 §22.2: rejected credentials are not sent again; the caller hears the status."""
    alice = caller()
    net = Network(alice, asking(peer, 5))

    line = alice.call(peer)
    net.run_for(1)

    failed = line.events[-1]
    assert isinstance(failed, CallFailed)
    assert (2, 401, 1) == (len(invites(peer)), failed.status, alice.counters["digest.rejected"])
    assert "the credentials were not accepted" in failed.reason


def test_a_stale_nonce_is_answered_again_but_not_for_ever(peer):
    """RFC 7616 §3.3; three answers are enough for one request."""
    alice = caller()
    net = Network(alice, asking(peer, 50, stale=True))

    line = alice.call(peer)
    net.run_for(1)

    assert (4, CallState.FAILED) == (len(invites(peer)), line.state)


def test_two_servers_on_the_way_are_both_answered(peer):
    """RFC 3261 §22.3: a proxy asks, and then the callee; the second answer is sent with the first."""
    account = Account(credentials=(Credentials("alice", "one", "proxy"), Credentials("alice", "two", "callee")))
    alice = caller(account)

    def ask(datagram: Datagram) -> None:
        request = datagram.request
        proven = answer_in(request, "Proxy-Authorization")
        if proven is None:
            challenge = Challenge(realm="proxy", nonce="p", qop=("auth",))
            peer.respond(datagram, 407, headers=[("Proxy-Authenticate", str(challenge))], contact=False)
        elif answer_in(request) is None:
            challenge = Challenge(realm="callee", nonce="c", qop=("auth",))
            peer.respond(datagram, 401, headers=[("WWW-Authenticate", str(challenge))], contact=False)

    net = Network(alice, peer.when("INVITE", ask))
    alice.call(peer)
    net.deliver()

    last = invites(peer)[-1]
    answers = [answer_in(last, name) for name in ("Proxy-Authorization", "Authorization")]
    assert [("proxy", 2), ("callee", 1)] == [(one.realm, one.nc) for one in answers if one]
    assert 3 == len(invites(peer))


def test_all_challenges_of_a_forking_proxy_are_answered_at_once(peer):
    """RFC 3261 §22.3: it puts those of several callees into one response."""
    account = Account(credentials=(Credentials("alice", "one", "x"), Credentials("alice", "two", "y")))
    alice = caller(account)
    headers = [("WWW-Authenticate", str(Challenge(realm=realm, nonce="n", qop=("auth",)))) for realm in "xyz"]
    first: list[Datagram] = []

    def ask(datagram: Datagram) -> None:
        if not first:
            first.append(datagram)
            peer.respond(datagram, 401, headers=headers, contact=False)

    net = Network(alice, peer.when("INVITE", ask))
    alice.call(peer)
    net.deliver()

    rows = invites(peer)[-1].rows("authorization")
    assert ["x", "y"] == [DigestAnswer.parse(row).realm for row in rows]


def test_the_strongest_that_the_server_prefers_is_used(peer):
    """RFC 8760 §2.4: the topmost that we have."""
    alice = caller()
    headers = [
        ("WWW-Authenticate", str(Challenge(realm=REALM, nonce="n", algorithm=name, qop=("auth",))))
        for name in ("SHA-999", "SHA-256", "MD5")
    ]
    peer.when("INVITE", lambda datagram: peer.respond(datagram, 401, headers=headers, contact=False))
    net = Network(alice, peer)

    alice.call(peer)
    net.deliver()

    answer = answer_in(invites(peer)[1])
    assert answer is not None
    assert "SHA-256" == answer.algorithm


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [("WWW-Authenticate", "Basic realm=x")],
        [("WWW-Authenticate", 'Digest realm="peer.example", nonce="n", algorithm=NONE')],
        [("WWW-Authenticate", 'Digest realm="peer.example')],
    ],
)
def test_a_challenge_that_asks_nothing_we_can_answer_is_a_refusal(peer, headers):
    """The status reaches the caller as any other."""
    alice = caller()
    peer.when("INVITE", lambda datagram: peer.respond(datagram, 401, headers=headers, contact=False))
    net = Network(alice, peer)

    line = alice.call(peer)
    net.run_for(1)

    assert (1, CallState.FAILED) == (len(invites(peer)), line.state)
    assert "it asks for nothing that can be answered" in line.events[-1].reason


def test_without_credentials_a_challenge_is_a_refusal(peer):
    """401, and why."""
    alice = caller(Account())
    net = Network(alice, asking(peer))

    line = alice.call(peer)
    net.run_for(1)

    assert CallState.FAILED == line.state
    assert "there are no credentials for the realm peer.example" in line.events[-1].reason


# To whom no answer goes.


def test_a_foreign_realm_gets_no_answer(peer):
    """Credentials are for their realm alone."""
    alice = caller()
    net = Network(alice, asking(peer, realm="mallory.example"))

    line = alice.call(peer)
    net.run_for(1)

    assert (1, CallState.FAILED, 1) == (len(invites(peer)), line.state, alice.counters["digest.foreign"])


def test_a_foreign_host_gets_no_answer_though_it_names_our_realm(peer):
    """With a proxy of ours, whoever is called without it and asks for our realm is not our proxy."""
    proxy = proxy_uri("10.0.0.7")
    alice = caller(Account(proxy=proxy, credentials=SECRET.credentials))
    net = Network(alice, asking(peer))

    line = alice.call(peer, next_hop=peer.address)
    net.run_for(1)

    assert (1, CallState.FAILED, 1) == (len(invites(peer)), line.state, alice.counters["digest.foreign"])


def test_without_a_realm_the_called_host_s_own_name_is_one(peer):
    """Where there is neither registrar nor proxy, the credentials are for whom we call, by its name."""
    alice = caller(Account(credentials=(Credentials("alice", "secret"),)))
    net = Network(alice, asking(peer, realm=peer.address[0]))

    alice.call(peer)
    net.deliver()

    assert 2 == len(invites(peer))


def test_without_a_realm_a_foreign_name_gets_no_answer(peer):
    """Its challenge may be a trap."""
    alice = caller(Account(credentials=(Credentials("alice", "secret"),)))
    net = Network(alice, asking(peer, realm="bank.example"))

    alice.call(peer)
    net.run_for(1)

    assert 1 == len(invites(peer))


def test_without_a_realm_the_proxy_s_first_one_counts_and_no_other():
    """The proxy names its realm; what comes through it from somebody else is not its own."""
    proxy = ScriptedPeer("proxy", "10.0.0.7")
    account = Account(proxy=proxy_uri("10.0.0.7"), credentials=(Credentials("alice", "secret"),))
    alice = caller(account)
    realms = iter(["home", "elsewhere"])

    def ask(datagram: Datagram) -> None:
        realm = next(realms, None)
        if realm is not None:
            challenge = Challenge(realm=realm, nonce="n", qop=("auth",))
            proxy.respond(datagram, 407, headers=[("Proxy-Authenticate", str(challenge))], contact=False)

    net = Network(alice, proxy.when("INVITE", ask))
    alice.call("sip:bob@far.example")
    net.run_for(1)

    assert (2, 1) == (len(invites(proxy)), alice.counters["digest.foreign"])


# In the middle of something.


def test_a_call_that_is_cancelled_is_not_placed_again_by_a_challenge(peer):
    """RFC 3261 §9.1: the challenge is the final response, and the call is cancelled."""
    alice = caller()
    net = Network(alice, peer)
    line = alice.call(peer)
    net.deliver()
    invite = peer.received.of("INVITE")[0]
    peer.respond(invite, 100, contact=False)
    net.deliver()
    line.hang_up()
    net.deliver()

    challenge = str(Challenge(realm=REALM, nonce="n", qop=("auth",)))
    peer.respond(invite, 401, headers=[("WWW-Authenticate", challenge)], contact=False)
    net.run_for(1)

    assert (1, CallState.CANCELLED) == (len(invites(peer)), line.state)


def test_a_cancel_means_the_newest_copy(peer):
    """RFC 3261 §9.1: branch and CSeq number of the INVITE that is open."""
    alice = caller()
    net = Network(alice, asking(peer))
    line = alice.call(peer)
    net.deliver()
    peer.respond(peer.received.of("INVITE")[-1], 180)
    net.deliver()

    line.hang_up()
    net.deliver()

    invite, cancel = invites(peer)[-1], peer.received.of("CANCEL")[-1].request
    assert (invite.branch, invite.cseq.number) == (cancel.branch, cancel.cseq.number)


def test_a_challenge_to_a_cancel_is_not_answered(peer):
    """RFC 3261 §22.1: it cannot be sent again."""
    alice = caller()
    net = Network(alice, asking(peer, method="CANCEL"))
    line = alice.call(peer)
    net.deliver()
    peer.respond(peer.received.of("INVITE")[-1], 180)
    net.deliver()

    line.hang_up()
    net.run_until_quiet()

    assert (1, CallState.CANCELLED) == (peer.received.count("CANCEL"), line.state)


def test_challenged_calls_survive_a_network_that_loses_repeats_and_reorders():
    """Each copy of an INVITE is challenged anew, and nobody keeps anything of that."""
    alice = Phone("alice", "10.0.0.1", account=BOBS)
    bob = Phone("bob", "10.0.0.2", challenge=EVERYTHING, when_called=lambda line: line.accept())
    net = Network(alice, bob, seed=7, loss=0.15, duplication=0.1, jitter=0.05)
    lines = [alice.call(bob) for _ in range(40)]
    net.run_for(60)

    answered = [line.state for line in lines]
    for line in lines:
        line.hang_up()
    net.run_until_quiet()

    assert [CallState.ACTIVE] * 40 == answered
    assert [CallState.TERMINATED] * 40 == [line.state for line in lines]
    assert (Leftovers(), Leftovers()) == (alice.leftovers, bob.leftovers)


def test_nothing_is_left_of_a_challenged_call(peer):
    """No transaction, no timer."""
    alice = caller()
    net = Network(alice, asking(peer, 9))

    alice.call(peer)
    net.run_until_quiet()

    assert Leftovers() == alice.leftovers


def test_the_server_s_next_nonce_is_used(peer):
    """RFC 7616 §3.5: Authentication-Info; its count begins anew."""
    alice = caller()
    net = Network(alice, asking(peer))
    line = alice.call(peer)
    net.deliver()
    info = [("Authentication-Info", 'nextnonce="fresh"')]
    peer.respond(peer.received.of("INVITE")[-1], 200, body=peer.sdp(), headers=info)
    net.deliver()

    line.hang_up()
    net.deliver()

    answer = answer_in(peer.received.of("BYE")[-1].request)
    assert answer is not None
    assert ("fresh", 1) == (answer.nonce, answer.nc)


def test_requests_go_through_the_proxy():
    """RFC 3261 §8.1.2: an outbound proxy is a route set of one; CANCEL and the ACK to a failure follow."""
    proxy = ScriptedPeer("proxy", "10.0.0.7")
    alice = caller(Account(proxy=proxy_uri("10.0.0.7")))
    proxy.when("INVITE", lambda datagram: proxy.respond(datagram, 486))
    net = Network(alice, proxy)

    alice.call("sip:bob@far.example")
    net.run_for(1)

    invite, ack = (proxy.received.of(name)[-1].request for name in ("INVITE", "ACK"))
    assert ["<sip:10.0.0.7;lr>", "<sip:10.0.0.7;lr>"] == [invite.get("Route"), ack.get("Route")]
    assert "sip:bob@far.example" == str(invite.uri)


def ways(alice: Phone) -> list[str]:
    """The states that the answer to challenges went through."""
    rows = [row for row in alice.rows if row.chart == "authentication"]
    return [row.to_state for row in rows if row.to_state != row.from_state]


def test_a_refusal_ends_the_answering(peer):
    """Whatever comes after it is absorbed by the transaction."""
    alice = caller()
    net = Network(alice, asking(peer, 2))

    alice.call(peer)
    net.run_for(1)

    assert ["Unanswered", "Answered", "Refused"] == ways(alice)


def test_without_credentials_nothing_is_answered_or_counted(peer):
    """There was nothing to reject."""
    alice = caller(Account())
    net = Network(alice, asking(peer, 2))

    alice.call(peer)
    net.run_for(1)

    counted = [name for name in alice.counters if name.startswith("digest.")]
    assert (["Unanswered", "Refused"], []) == (ways(alice), counted)


def test_each_answer_is_to_the_newest_nonce_until_three_are_enough(peer):
    """RFC 7616 §3.3: a stale nonce is not used again."""
    alice = caller()
    net = Network(alice, asking(peer, 5, stale=True))

    line = alice.call(peer)
    net.run_for(1)

    nonces = [answer.nonce for invite in invites(peer) if (answer := answer_in(invite))]
    assert ["nonce-4", "nonce-3", "nonce-2"] == nonces
    assert ["Unanswered", "Answered", "AnsweredTwice", "AnsweredThrice", "Refused"] == ways(alice)
    assert (CallState.FAILED, 1) == (line.state, alice.counters["digest.rejected"])


def test_a_password_that_is_rejected_after_a_stale_nonce_is_not_tried_again(peer):
    """RFC 3261 §22.2."""
    alice = caller()
    stale = iter([False, True, False, False])

    def ask(datagram: Datagram) -> None:
        challenge = Challenge(realm=REALM, nonce="n", qop=("auth",), stale=next(stale))
        peer.respond(datagram, 401, headers=[("WWW-Authenticate", str(challenge))], contact=False)

    net = Network(alice, peer.when("INVITE", ask))
    line = alice.call(peer)
    net.run_for(1)

    assert ["Unanswered", "Answered", "AnsweredTwice", "Refused"] == ways(alice)
    assert (CallState.FAILED, 1) == (line.state, alice.counters["digest.rejected"])
