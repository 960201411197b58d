"""`registration.toml` on the network: RFC 3261 §10, and the waiting times of RFC 5626 §4.5."""

from __future__ import annotations

from itertools import pairwise

import pytest
from registrar import Registrar

from session_fsm.errors import LocalProtocolError
from session_fsm.session.account import Account, Credentials, server_uri
from session_fsm.session.events import Registered, RegistrationFailed, SessionEvent, Unregistered
from session_fsm.testing import Network, Phone

ACCOUNT = Account(registrar=server_uri("registrar", "10.0.0.5"), credentials=(Credentials("alice", "secret"),))


def phone(account: Account = ACCOUNT) -> Phone:
    return Phone("alice", "10.0.0.1", account=account)


def started(registrar: Registrar, seconds: float = 1.0) -> tuple[Network, Phone]:
    """Alice has asked this registrar, and some time has passed."""
    alice = phone()
    net = Network(alice, registrar)
    alice.register()
    net.run_for(seconds)
    return net, alice


def state(alice: Phone) -> str:
    registration = alice.coordinator.registration
    assert registration is not None
    return registration.state


def last(alice: Phone) -> SessionEvent:
    return alice.events[-1]


def test_a_binding_is_made():
    """RFC 3261 §10.2: To is our address, the Request-URI names the registrar and no user."""
    registrar = Registrar()

    _, alice = started(registrar)

    asked = registrar.registers[0]
    assert ("Registered", "sip:10.0.0.5", alice.uri) == (state(alice), str(asked.uri), str(asked.to.uri))
    assert Registered is type(last(alice))
    assert {"sip:alice@10.0.0.1:5060": 600} == registrar.bindings


def test_it_is_refreshed_before_it_lapses_in_one_call_id_with_rising_numbers():
    """RFC 3261 §10.2.4, §10.2."""
    registrar = Registrar(grants=60)

    net, alice = started(registrar)
    net.run_for(180)

    times = registrar.received.times("REGISTER")
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert all(42 <= gap <= 54 for gap in gaps)
    assert len(gaps) >= 3
    assert 1 == len({asked.call_id for asked in registrar.registers})
    assert [1, 2, 3] == [asked.cseq.number for asked in registrar.registers][:3]
    assert "Registered" == state(alice)


def test_it_answers_a_challenge_and_uses_the_nonce_again():
    """RFC 3261 §22.2, RFC 7616 §3.4: the next REGISTER carries the next count and is not challenged."""
    registrar = Registrar(password="secret", grants=60)

    net, _ = started(registrar)
    net.run_for(60)

    counts = [asked.get("Authorization") for asked in registrar.registers]
    assert counts[0] is None
    assert ["00000001", "00000002"] == [said.partition("nc=")[2][:8] for said in counts[1:3] if said]
    assert 1 == registrar.sent.count(status=401)


def test_a_stale_nonce_is_no_failure():
    """RFC 7616 §3.3: it is answered anew."""
    registrar = Registrar(password="secret", grants=60)
    net, alice = started(registrar)

    registrar.stale = True
    net.run_for(60)

    assert [Registered] * len(alice.events) == [type(event) for event in alice.events]
    assert "Registered" == state(alice)


def test_wrong_credentials_are_tried_once_and_refused():
    """RFC 3261 §22.2: what was rejected is not sent again; nothing is tried later."""
    registrar = Registrar(password="other")

    net, alice = started(registrar)
    net.run_for(7200)

    failed = last(alice)
    assert isinstance(failed, RegistrationFailed)
    assert (401, None, 2, "Refused") == (failed.status, failed.retry_in, len(registrar.registers), state(alice))
    assert "the credentials were not accepted" in failed.reason


def test_only_the_own_contact_s_time_counts_among_several():
    """RFC 3261 §10.2.4: the 200 lists all bindings of the address."""
    registrar = Registrar(others=["sip:alice@10.0.0.77:5060"], grants=300)

    _, alice = started(registrar)

    told = last(alice)
    assert isinstance(told, Registered)
    assert (300, ("sip:alice@10.0.0.77:5060", "sip:alice@10.0.0.1:5060")) == (told.expires, told.bindings)


def test_a_200_that_does_not_list_us_is_a_failure():
    """RFC 3261 §10.3: what is not listed is not kept."""
    registrar = Registrar()
    registrar.script = [(200, [("Contact", "<sip:alice@10.0.0.77>;expires=60")])]

    _, alice = started(registrar)

    assert ("Refused", "the registrar does not list our Contact") == (state(alice), last(alice).reason)


def test_too_brief_a_time_is_made_longer():
    """RFC 3261 §10.2.8: 423 says in Min-Expires what is asked next, and from then on."""
    registrar = Registrar(grants=7200)
    registrar.script = [(423, [("Min-Expires", "900")])]

    _, alice = started(registrar)

    assert ["600", "900"] == [asked.get("Expires") for asked in registrar.registers]
    assert ("Registered", 900) == (state(alice), last(alice).expires)


@pytest.mark.parametrize("least", ["901", "600", "x", "99999999999999999999"])
def test_a_registrar_that_never_finds_it_long_enough_is_not_followed(least):
    """A second 423, or one that makes no sense, is a failure that is tried again later."""
    registrar = Registrar()
    registrar.script = [(423, [("Min-Expires", "900")]), (423, [("Min-Expires", least)])]

    _, alice = started(registrar)

    assert ("Waiting", 2, 423) == (state(alice), len(registrar.registers), last(alice).status)
    assert 30 <= last(alice).retry_in <= 60


def test_a_longer_time_may_be_refused_too():
    """For ever, and not with the 423 of before."""
    registrar = Registrar()
    registrar.script = [(423, [("Min-Expires", "900")]), (403, ())]

    _, alice = started(registrar)

    assert ["Registering", "Lengthening", "Refused"] == path(alice)
    assert (RegistrationFailed, 403, None) == (type(last(alice)), last(alice).status, last(alice).retry_in)


def test_a_retry_after_is_waited_for():
    """RFC 3261 §20.33: 503 with Retry-After."""
    registrar = Registrar()
    registrar.script = [(503, [("Retry-After", "120")])]

    net, alice = started(registrar)
    failed = last(alice)
    net.run_for(200)

    times = registrar.received.times("REGISTER")
    assert (503, "Registered") == (failed.status, state(alice))
    assert 120 <= times[1] - times[0] <= 121
    assert 120 == failed.retry_in


def test_a_retry_after_of_years_does_not_keep_us_away_for_years():
    """It is bounded, like our own waiting times."""
    registrar = Registrar()
    registrar.script = [(503, [("Retry-After", "999999999")])]

    net, alice = started(registrar)
    net.run_for(1801)

    assert "Registered" == state(alice)


def test_a_registrar_that_fails_is_asked_less_and_less_often():
    """RFC 5626 §4.5: 30 s times 2 for each failure, half to all of that, and 1800 s at most."""
    registrar = Registrar()
    registrar.script = [(500, ())] * 12

    net, alice = started(registrar)
    net.run_for(4 * 3600)

    waits = [event.retry_in for event in alice.events if isinstance(event, RegistrationFailed)]
    bounds = [min(1800, 30 * 2**n) for n in range(1, len(waits) + 1)]
    assert [] == [(wait, bound) for wait, bound in zip(waits, bounds, strict=True) if not bound / 2 <= wait <= bound]
    assert (12, "Registered") == (len(waits), state(alice))


def test_a_registrar_that_is_gone_is_told_and_tried_again():
    """No response at all is 408 (RFC 3261 §8.1.3.1), 64*T1 after the request."""
    registrar = Registrar()
    registrar.script = [(0, ())] * 11

    net, alice = started(registrar, 33)
    failed = last(alice)
    net.run_for(120)

    assert isinstance(failed, RegistrationFailed)
    assert (408, 32, "Registered") == (failed.status, failed.time, state(alice))


def test_a_registrar_whose_port_is_closed_is_told_at_once():
    """ICMP: the request cannot be delivered."""
    registrar = Registrar()
    alice = phone()
    net = Network(alice, registrar).refuse(registrar)

    alice.register()
    net.run_for(1)

    assert (503, "Waiting") == (last(alice).status, state(alice))


def test_a_binding_that_cannot_be_refreshed_lapses():
    """RFC 3261 §10.2.1.1: then nobody reaches us, and the application hears it."""
    registrar = Registrar(grants=60)
    net, alice = started(registrar)
    registrar.script = [(0, ())] * 100

    net.run_for(120)

    told = [type(event) for event in alice.events]
    assert [Registered, Unregistered] == [kind for kind in told if kind is not RegistrationFailed][:2]
    assert "the binding lapsed" == next(event.reason for event in alice.events if isinstance(event, Unregistered))


def test_a_registrar_that_has_forgotten_us_is_told_again():
    """A restart loses its bindings; the next refresh makes ours anew."""
    registrar = Registrar(grants=60)
    net, alice = started(registrar)

    registrar.bindings.clear()
    net.run_for(60)

    assert ({"sip:alice@10.0.0.1:5060": 60}, "Registered") == (registrar.bindings, state(alice))


def test_leaving_removes_the_own_binding_alone():
    """RFC 3261 §10.2.2: expires=0 with our Contact, not `*`."""
    registrar = Registrar(others=["sip:alice@10.0.0.77:5060"])
    net, alice = started(registrar)

    alice.unregister()
    net.run_for(60)

    contact = registrar.registers[-1].contact
    assert contact is not None
    assert ("sip:alice@10.0.0.1:5060", "0") == (str(contact.uri), contact.params["expires"])
    assert ({}, "Unregistered", Unregistered) == (registrar.bindings, state(alice), type(last(alice)))


def test_leaving_waits_for_the_outstanding_response():
    """RFC 3261 §10.2: no new REGISTER before the final response to the last one."""
    registrar = Registrar()
    alice = phone()
    net = Network(alice, registrar, delay=0.05)

    alice.register()
    alice.unregister()
    net.run_for(60)

    assert (["600", "0"], "Unregistered") == ([asked.get("Expires") for asked in registrar.registers], state(alice))


def test_leaving_a_registrar_that_is_gone_ends_too():
    """64*T1 after the removal."""
    registrar = Registrar()
    net, alice = started(registrar)
    registrar.script = [(0, ())] * 100

    alice.unregister()
    net.run_for(33)

    assert ("Unregistered", Unregistered) == (state(alice), type(last(alice)))


def test_a_refused_registration_can_be_asked_for_again():
    """The user may have mended it at the registrar."""
    registrar = Registrar()
    registrar.script = [(403, ())]
    net, alice = started(registrar)

    alice.register()
    net.run_for(1)

    assert ("Registered", 403) == (state(alice), alice.events[0].status)


def test_calls_go_on_while_it_fails(bob: Phone):
    """Whatever becomes of the registration."""
    registrar = Registrar()
    registrar.script = [(0, ())] * 100
    alice = phone()
    net = Network(alice, bob, registrar)
    alice.register()

    line = alice.call(bob)
    net.run_for(1)
    bob.line.accept()
    net.run_for(1)

    assert ("Active", "Registering") == (line.media_path[-1], state(alice))


def test_without_a_registrar_there_is_nothing_to_register_with():
    """One sentence."""
    alice = Phone("alice", "10.0.0.1")
    Network(alice)

    with pytest.raises(LocalProtocolError, match="cannot register: the user agent is without a registrar"):
        alice.register()


def test_a_challenge_of_a_realm_that_is_not_named_is_not_answered():
    """Credentials for one realm do not go to another."""
    registrar = Registrar(password="secret", realm="elsewhere")
    account = Account(registrar=ACCOUNT.registrar, credentials=(Credentials("alice", "secret", "home"),))
    alice = phone(account)
    net = Network(alice, registrar)

    alice.register()
    net.run_for(1)

    assert (1, 1, "Refused") == (len(registrar.registers), alice.counters["digest.foreign"], state(alice))
    assert "the realm elsewhere is none of ours" in last(alice).reason


def test_the_wall_clock_is_never_asked():
    """An hour's jump of it changes nothing: times are those of one monotonic clock, which the network gives."""
    registrar = Registrar(password="secret", grants=60)
    net, alice = started(registrar)

    net.run_for(3600)

    assert [Registered] * len(alice.events) == [type(event) for event in alice.events]


def path(alice: Phone) -> list[str]:
    """The states that the registration went through."""
    rows = [row for row in alice.rows if row.chart == "registration"]
    return [row.to_state for row in rows if row.to_state != row.from_state][1:]


def kept(alice: Phone) -> tuple[int, tuple[str, ...]]:
    registration = alice.coordinator.registration
    assert registration is not None
    return registration.expires, registration.bindings


def test_a_registration_s_life():
    """From nothing to a binding, its refresh, and nothing again."""
    registrar = Registrar(grants=60)
    net, alice = started(registrar, 60)

    alice.unregister()
    net.deliver()

    assert ["Registering", "Registered", "Refreshing", "Registered", "Unregistering", "Unregistered"] == path(alice)
    assert ((0, ()), "unregistered") == (kept(alice), last(alice).reason)


def test_the_application_can_refresh_at_once():
    """It may know that the network has changed."""
    registrar = Registrar()
    net, alice = started(registrar)

    alice.register()
    net.deliver()

    assert ["Registering", "Registered", "Refreshing", "Registered"] == path(alice)
    assert 2 == len(registrar.registers)


def test_the_application_need_not_wait_for_the_next_try():
    """It may know that the registrar is back."""
    registrar = Registrar()
    registrar.script = [(503, ())]
    net, alice = started(registrar)

    alice.register()
    net.deliver()

    assert ["Registering", "Waiting", "Registering", "Registered"] == path(alice)


def test_a_failed_registration_that_is_left_removes_what_may_be_there():
    """A 200 may have been lost: the registrar may know us."""
    registrar = Registrar()
    registrar.script = [(503, ())]
    net, alice = started(registrar)

    alice.unregister()
    net.run_for(7200)

    assert ["Registering", "Waiting", "Unregistering", "Unregistered"] == path(alice)
    assert ["600", "0"] == [asked.get("Expires") for asked in registrar.registers]


def test_a_failed_try_leads_to_the_next_by_itself():
    """Unattended."""
    registrar = Registrar()
    registrar.script = [(503, ())]

    _, alice = started(registrar, 120)

    assert ["Registering", "Waiting", "Registering", "Registered"] == path(alice)


def test_a_refused_registration_is_left_without_a_word():
    """The registrar does not know us, and does not want to."""
    registrar = Registrar()
    registrar.script = [(403, ())]
    net, alice = started(registrar)

    alice.unregister()
    net.run_for(7200)

    assert ["Registering", "Refused", "Unregistered"] == path(alice)
    assert (1, (0, ()), "unregistered") == (len(registrar.registers), kept(alice), reason(alice))


def test_a_refused_refresh_leaves_a_binding_which_is_removed():
    """RFC 3261 §10.2.2: what was granted before stands until it lapses, and calls would still come to us."""
    registrar = Registrar(grants=60)
    net, alice = started(registrar)
    registrar.script = [(403, ())]
    net.run_for(55)
    assert "Refused" == state(alice)

    alice.unregister()
    net.run_for(1)

    assert ["Refreshing", "Refused", "Unregistering", "Unregistered"] == path(alice)[-4:]
    assert ({}, (0, ()), "unregistered") == (registrar.bindings, kept(alice), reason(alice))


def test_what_lapsed_after_a_refused_refresh_is_not_removed():
    """The registrar has forgotten it by itself."""
    registrar = Registrar(grants=60)
    net, alice = started(registrar)
    registrar.script = [(403, ())]
    net.run_for(120)
    count = len(registrar.registers)

    alice.unregister()
    net.run_for(7200)

    assert ("Unregistered", count) == (state(alice), len(registrar.registers))


def reason(alice: Phone) -> str:
    registration = alice.coordinator.registration
    assert registration is not None
    return registration.reason


def test_a_refused_registration_begins_anew():
    """And not as a refresh of what was never there."""
    registrar = Registrar()
    registrar.script = [(403, ())]
    net, alice = started(registrar)

    alice.register()
    net.deliver()

    assert ["Registering", "Refused", "Registering", "Registered"] == path(alice)


@pytest.mark.parametrize("silent", [True, False])
def test_leaving_a_registrar_that_is_gone_is_told(silent):
    """No response in 64*T1, or a closed port."""
    registrar = Registrar()
    net, alice = started(registrar)
    if silent:
        registrar.script = [(0, ())] * 100
    else:
        net.refuse(registrar)

    alice.unregister()
    net.run_for(40)

    assert ["Unregistering", "Unregistered"] == path(alice)[-2:]
    assert ("unregistered", (0, ())) == (last(alice).reason, kept(alice))


@pytest.mark.parametrize("silent", [True, False])
def test_after_no_response_the_waiting_time_is_drawn(silent):
    """RFC 5626 §4.5: 30 to 60 s after the first failure."""
    registrar = Registrar()
    alice = phone()
    net = Network(alice, registrar)
    if silent:
        registrar.script = [(0, ())] * 11
    else:
        net.refuse(registrar)

    alice.register()
    net.run_for(33)

    assert 30 <= last(alice).retry_in <= 60


def test_a_lapsed_binding_is_gone_and_the_tries_go_on():
    """The state stays what it is: a try, or the wait for one."""
    registrar = Registrar(grants=60)
    net, alice = started(registrar)
    registrar.script = [(0, ())] * 100

    net.run_for(62)

    assert (["Registering", "Registered", "Refreshing"], (0, ())) == (path(alice), kept(alice))
    assert Unregistered is type(last(alice))


def test_a_registration_that_lapsed_is_made_again():
    """With the same Call-ID."""
    registrar = Registrar(grants=60)
    net, alice = started(registrar)
    registrar.script = [(0, ())] * 25

    net.run_for(300)

    assert ("Registered", 1) == (path(alice)[-1], len({asked.call_id for asked in registrar.registers}))
