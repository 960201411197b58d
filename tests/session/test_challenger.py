"""We ask others who they are: RFC 3261 §22.2, RFC 7616 §3.3, RFC 8760 §2.3. Attacks that must come to nothing."""

from __future__ import annotations

import pytest

from session_fsm.session.challenger import DigestPolicy
from session_fsm.session.events import CallState
from session_fsm.sip.digest import Challenge, DigestAnswer, answer_to
from session_fsm.testing import Leftovers, Network, Phone, ScriptedPeer

PASSWORDS = {"alice": "secret", 'q"uote': "s"}


def asked(**said: object) -> tuple[Network, ScriptedPeer, Phone]:
    """A peer on a network with Bob, who asks everybody for a password."""
    policy = DigestPolicy(**{"realm": "bob", "lookup": PASSWORDS.get, **said})
    bob, peer = Phone("bob", "10.0.0.2", challenge=policy), ScriptedPeer("peer", "10.0.0.9")
    return Network(bob, peer), peer, bob


def invited(net: Network, peer: ScriptedPeer, bob: Phone, cseq: int, *answers: object, call: str = "scripted") -> int:
    """The status that an INVITE with these answers gets; 180 when it rings."""
    headers = [("Authorization", str(answer)) for answer in answers]
    peer.request("INVITE", bob, cseq=cseq, call_id=call, body=peer.sdp(), headers=headers)
    seen, lines = len(peer.received), len(bob.lines)
    net.deliver()
    if len(bob.lines) > lines:
        return 180
    return peer.received[seen:][-1].status or 0


def challenges(peer: ScriptedPeer) -> list[Challenge]:
    """Those of the last response."""
    return [Challenge.parse(row) for row in peer.received[-1].response.rows("www-authenticate")]


def answered(
    challenge: Challenge, user: str = "alice", password: str = "secret", nc: int = 1, **said: str
) -> DigestAnswer:
    given = {"method": "INVITE", "uri": "sip:bob@10.0.0.2:5060", "cnonce": "c", **said}
    return answer_to(challenge, user, password, nc=nc, **given)


def test_who_does_not_answer_is_asked():
    """The preferred algorithm first (RFC 8760 §2.3), and nothing is kept."""
    net, peer, bob = asked()

    status = invited(net, peer, bob, 1)

    told = [(one.realm, one.algorithm, one.qop, one.stale) for one in challenges(peer)]
    assert (401, [("bob", "SHA-256", ("auth",), False), ("bob", "MD5", ("auth",), False)]) == (status, told)
    assert (Leftovers(), []) == (bob.leftovers, bob.lines)


@pytest.mark.parametrize("which", [0, 1])
def test_who_answers_well_rings(which):
    """Either algorithm."""
    net, peer, bob = asked()
    invited(net, peer, bob, 1)

    assert 180 == invited(net, peer, bob, 2, answered(challenges(peer)[which]))


def test_a_name_with_quotes_is_looked_up_as_it_is():
    """RFC 7616 §3.4: the username is a quoted string."""
    net, peer, bob = asked()
    invited(net, peer, bob, 1)

    assert 180 == invited(net, peer, bob, 2, answered(challenges(peer)[0], 'q"uote', "s"))


def test_a_client_of_rfc_2069_is_understood_once():
    """Without qop there is no count: the nonce is for one request."""
    net, peer, bob = asked()
    invited(net, peer, bob, 1)
    plain = Challenge(realm="bob", nonce=challenges(peer)[1].nonce)

    answer = answered(plain)

    assert [180, 401] == [invited(net, peer, bob, n, answer, call=f"call-{n}") for n in (2, 3)]


@pytest.mark.parametrize("said", [{"password": "guess"}, {"user": "mallory"}, {"method": "BYE"}])
def test_a_wrong_answer_is_asked_again(said):
    """RFC 3261 §22.1: with a new challenge, which is not called stale."""
    net, peer, bob = asked()
    invited(net, peer, bob, 1)
    before = challenges(peer)[0]

    status = invited(net, peer, bob, 2, answered(before, **said))

    after = challenges(peer)[0]
    assert (401, False, True, 1) == (status, after.stale, before.nonce != after.nonce, bob.counters["digest.wrong"])


def test_an_answer_for_another_realm_is_none():
    """It is for somebody else on the way."""
    net, peer, bob = asked()

    foreign = answered(Challenge(realm="proxy", nonce="n", qop=("auth",)))

    assert (401, 1) == (invited(net, peer, bob, 1, foreign), bob.counters["digest.unanswered"])


def test_a_nonce_that_we_never_made_is_wrong():
    """Its code does not fit, whatever else does."""
    net, peer, bob = asked()
    invited(net, peer, bob, 1)
    ours = challenges(peer)[0]
    forged = Challenge(realm="bob", nonce="A" + ours.nonce[1:] if ours.nonce[0] != "A" else "B" + ours.nonce[1:])

    for nonce in (forged.nonce, "", "x", "é", "A" * 32, "A" * 4000):
        answer = answered(Challenge(realm="bob", nonce=nonce, algorithm="SHA-256", qop=("auth",)))
        assert 401 == invited(net, peer, bob, 2, answer)

    assert 6 == bob.counters["digest.wrong"]


def test_a_replayed_answer_is_refused():
    """RFC 7616 §5.4: whoever listened has nothing of it. The real client is told that its nonce is stale."""
    net, peer, bob = asked()
    invited(net, peer, bob, 1)
    answer = answered(challenges(peer)[0])
    first = invited(net, peer, bob, 2, answer)

    again = invited(net, peer, bob, 2, answer, call="another")

    assert (180, 401, True, 1) == (first, again, challenges(peer)[0].stale, bob.counters["digest.replayed"])


def test_each_count_of_a_nonce_is_taken_once_and_rising():
    """RFC 7616 §3.4."""
    net, peer, bob = asked()
    invited(net, peer, bob, 1)
    challenge = challenges(peer)[0]

    taken = [
        invited(net, peer, bob, 2, answered(challenge, nc=count), call=f"call-{at}")
        for at, count in enumerate((1, 2, 2, 1, 5, 3, 0))
    ]

    assert [180, 180, 401, 401, 180, 401, 401] == taken


def test_a_copy_of_an_answered_invite_is_no_replay():
    """RFC 3261 §17.2.1: the transaction absorbs it."""
    net, peer, bob = asked()
    invited(net, peer, bob, 1)
    answer = answered(challenges(peer)[0])
    headers = [("Authorization", str(answer))]
    for _ in range(2):
        peer.request("INVITE", bob, cseq=2, branch="z9hG4bK-same", body=peer.sdp(), headers=headers)
    net.deliver()

    assert (1, 0) == (len(bob.lines), bob.counters["digest.replayed"])


def test_a_nonce_lives_as_long_as_the_policy_says():
    """Then it is stale, when the password was right, and wrong otherwise."""
    net, peer, bob = asked(lifetime=10.0)
    invited(net, peer, bob, 1)
    challenge = challenges(peer)[0]
    net.run_for(11)

    statuses = [
        (invited(net, peer, bob, 2, answered(challenge, password=word)), challenges(peer)[0].stale)
        for word in ("secret", "guess")
    ]

    assert [(401, True), (401, False)] == statuses


def test_answered_nonces_are_bounded_and_what_is_forgotten_is_stale():
    """A flood of real clients costs no more memory than the policy allows, and opens no door for a replay."""
    net, peer, bob = asked(most_nonces=3)
    answers = []
    for n in range(6):
        net.run_for(0.01)
        invited(net, peer, bob, 2 * n + 1, call=f"call-{n}")
        answers.append(answered(challenges(peer)[0]))
        assert 180 == invited(net, peer, bob, 2 * n + 2, answers[-1], call=f"call-{n}")

    again = [invited(net, peer, bob, 50 + n, answer, call=f"replay-{n}") for n, answer in enumerate(answers)]

    challenger = bob.coordinator._endpoint.challenger
    assert challenger is not None
    assert (3, [401] * 6) == (challenger.kept, again)


def test_answered_nonces_expire():
    """What is too old to be answered again need not be remembered."""
    net, peer, bob = asked(lifetime=10.0)
    for n in range(3):
        invited(net, peer, bob, 2 * n + 1, call=f"call-{n}")
        invited(net, peer, bob, 2 * n + 2, answered(challenges(peer)[0]), call=f"call-{n}")
        net.run_for(11)

    challenger = bob.coordinator._endpoint.challenger
    assert challenger is not None
    assert 1 == challenger.kept


def test_a_flood_that_does_not_answer_costs_nothing():
    """RFC 3261 §8.2.7: every challenge is forgotten as it is sent."""
    net, peer, bob = asked()

    for n in range(1000):
        peer.request("INVITE", bob, call_id=f"flood-{n}", body=peer.sdp())
    net.deliver()

    challenger = bob.coordinator._endpoint.challenger
    assert challenger is not None
    assert (Leftovers(), 0, 1000) == (bob.leftovers, challenger.kept, bob.sent.count(status=401))


def test_the_ack_to_a_challenge_is_dropped():
    """There is no transaction that it could belong to."""
    net, peer, bob = asked()
    peer.request("INVITE", bob, branch="z9hG4bK-1", body=peer.sdp())
    net.deliver()

    peer.request("ACK", bob, branch="z9hG4bK-1", to_tag=peer.received[-1].response.to_tag)
    net.deliver()

    assert 1 == bob.counters["dropped.stray ACK"]


@pytest.mark.parametrize("padding", [0, 40, 80, 120, 200, 400, 1500])
@pytest.mark.parametrize("algorithms", [("SHA-256",), ("SHA-512-256", "SHA-256", "MD5")])
def test_no_challenge_is_larger_than_one_and_a_half_times_the_request(padding, algorithms):
    """Nobody has shown that the source is true: we are no lever for a flood (RFC 3261 §26.1.5)."""
    net, peer, bob = asked(algorithms=algorithms)

    peer.request("INVITE", bob, body=b"", headers=[("Subject", "x" * padding)])
    net.deliver()

    request = next(datagram for datagram in bob.received if datagram.method == "INVITE")
    assert [] == [answer for answer in bob.sent if len(answer.data) > 1.5 * len(request.data)]
    assert [] == [answer for answer in bob.sent if answer.status == 401 and not answer.response.has("WWW-Authenticate")]


def test_only_the_methods_of_the_policy_are_asked():
    """OPTIONS passes, as a CANCEL and an ACK always do."""
    net, peer, bob = asked()

    peer.request("OPTIONS", bob)
    net.deliver()

    assert 200 == peer.received[-1].status


def test_a_dialog_s_requests_are_not_asked_unless_the_policy_says_so():
    """Its peer was asked once."""
    net, peer, bob = asked()
    invited(net, peer, bob, 1)
    invited(net, peer, bob, 2, answered(challenges(peer)[0]))
    bob.line.accept()
    net.deliver()
    tag = peer.received.response(200, -1).to_tag
    peer.request("ACK", bob, cseq=2, to_tag=tag)
    net.deliver()

    peer.request("INVITE", bob, cseq=3, to_tag=tag, body=peer.sdp(version=2))
    net.deliver()

    assert 200 == peer.received[-1].status


def test_a_lookup_that_raises_lets_nobody_in(caplog: pytest.LogCaptureFixture):
    """It is told in the log, once for each request; the call that was asked for is asked again."""

    def broken(user: str) -> str | None:
        raise KeyError(user)

    net, peer, bob = asked(lookup=broken)
    invited(net, peer, bob, 1)
    challenge = challenges(peer)[0]
    with pytest.raises(AssertionError, match=r"fault\.lookup"):
        invited(net, peer, bob, 2, answered(challenge))

    assert "the lookup of a DigestPolicy failed" in caplog.text
    caplog.clear()


def test_who_passed_is_known():
    """The callee may compare it with From, which anybody can write."""
    net, peer, bob = asked()
    invited(net, peer, bob, 1)
    invited(net, peer, bob, 2, answered(challenges(peer)[0]))

    session = bob.coordinator.session(bob.line.id)
    assert session is not None
    assert ("alice", CallState.INITIATING) == (session.proven_user, bob.line.state)


def test_garbage_in_the_answer_is_asked_again():
    """A peer's bad input never raises."""
    net, peer, bob = asked()

    for said in ("", "Digest", "Basic eDp5", 'Digest username="', "Digest " + "a=b," * 5000):
        assert 401 == invited(net, peer, bob, 1, said)
