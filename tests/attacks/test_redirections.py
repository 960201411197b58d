"""A 3xx is somebody else's idea of whom we call: followed in order, a few times, never in a circle or to a group."""

from __future__ import annotations

import pytest

from session_fsm.session.account import Account, proxy_uri
from session_fsm.session.events import CallFailed
from session_fsm.session.settings import Settings
from session_fsm.testing import Line, Method, Network, Phone, ScriptedPeer


def named(*uris: str) -> list[tuple[str, str]]:
    """Contact fields of a redirection."""
    return [("Contact", ", ".join(uris))]


def redirecting(net: Network, host: str, *uris: str) -> ScriptedPeer:
    """Somebody who sends every caller on."""
    peer = ScriptedPeer("elsewhere", host)
    peer.when(Method.INVITE, lambda invite: peer.respond(invite, 302, contact=False, headers=named(*uris)))
    net.add(peer)
    return peer


def refusing(net: Network, host: str, status: int) -> ScriptedPeer:
    """Somebody who takes no call."""
    peer = ScriptedPeer("refusing", host)
    peer.when(Method.INVITE, lambda invite: peer.respond(invite, status))
    net.add(peer)
    return peer


def test_a_redirection_to_itself_ends_the_call(net, carol):
    peer = redirecting(net, "10.0.1.1", "<sip:elsewhere@10.0.1.1:5060>")
    line = carol.call(peer)
    net.run_until_quiet()

    assert (1, 302) == (carol.sent.count(Method.INVITE), line.only(CallFailed).status)


def test_two_that_send_us_to_each_other_are_called_once_each(net, carol):
    """RFC 3261 §8.1.3.4: no URI twice; a circle ends by itself."""
    one = redirecting(net, "10.0.1.1", "<sip:elsewhere@10.0.1.2:5060>")
    redirecting(net, "10.0.1.2", "<sip:elsewhere@10.0.1.1:5060>")
    line = carol.call(one)
    net.run_until_quiet()

    assert (2, 302) == (carol.sent.count(Method.INVITE), line.only(CallFailed).status)


def test_a_chain_of_redirections_is_followed_so_far(net):
    """`Settings.max_redirects`, and then the last 3xx is the call's."""
    dave = Phone("dave", "10.0.0.4", settings=Settings(max_redirects=3))
    net.add(dave)
    chain = [redirecting(net, f"10.0.1.{n}", f"<sip:elsewhere@10.0.1.{n + 1}:5060>") for n in range(1, 9)]
    line = dave.call(chain[0])
    net.run_until_quiet()

    assert (4, "Failed") == (dave.sent.count(Method.INVITE), line.state)


def test_a_thousand_contacts_cost_no_more_than_a_few(net, carol):
    """Each refuses; the bound on redirections is one on all of them together."""
    refusing(net, "10.0.1.2", 486)
    peer = redirecting(net, "10.0.1.1", *(f"<sip:u{n}@10.0.1.2:5060>" for n in range(1000)))
    line = carol.call(peer)
    net.run_until_quiet()

    assert (6, 486) == (carol.sent.count(Method.INVITE), line.only(CallFailed).status)
    assert len(line.session.further) <= 5


def test_the_next_contact_is_tried_when_one_refuses(net, bob, carol):
    """RFC 3261 §8.1.3.4: in the order of q, until one answers."""
    bob.when_called = Line.accept
    busy = refusing(net, "10.0.1.2", 486)
    peer = redirecting(net, "10.0.1.1", f"<{bob.uri}>;q=0.2", f"<{busy.uri}>;q=0.9")
    line = carol.call(peer)
    net.deliver()

    assert ([busy.address, bob.address], "Active") == (
        [sent.destination for sent in carol.sent.of(Method.INVITE)][1:],
        line.state,
    )


def test_the_next_contact_is_tried_when_one_cannot_be_reached(net, bob, carol):
    """RFC 3261 §8.1.3.4: a closed port is a failure as well."""
    bob.when_called = Line.accept
    closed = ScriptedPeer("closed", "10.0.1.2")
    net.add(closed).refuse(closed)
    line = carol.call(redirecting(net, "10.0.1.1", f"<{closed.uri}>;q=0.9", f"<{bob.uri}>;q=0.2"))
    net.deliver()

    assert "Active" == line.state


def test_the_next_contact_is_tried_when_one_is_silent(net, bob, carol):
    """After timer B; the last one's silence is the call's 408."""
    bob.when_called = Line.accept
    silent = ScriptedPeer("silent", "10.0.1.2")
    net.add(silent)
    line = carol.call(redirecting(net, "10.0.1.1", f"<{silent.uri}>;q=0.9", f"<{bob.uri}>;q=0.2"))
    net.run_until(lambda: line.state == "Active", within=40.0)
    other = carol.call(redirecting(net, "10.0.1.3", f"<{silent.uri}>"))
    net.run_until_quiet()

    assert ("Active", 408) == (line.state, other.only(CallFailed).status)


def test_a_refusal_for_all_ends_the_call(net, bob, carol):
    """RFC 3261 §21.6: a 6xx speaks for every contact."""
    never = refusing(net, "10.0.1.2", 603)
    peer = redirecting(net, "10.0.1.1", f"<{never.uri}>;q=0.9", f"<{bob.uri}>;q=0.2")
    line = carol.call(peer)
    net.deliver()

    assert (603, []) == (line.only(CallFailed).status, bob.lines)


@pytest.mark.parametrize(
    "uri", ["sip:a@224.0.0.1", "sip:a@255.255.255.255", "sip:a@0.0.0.0", "sips:a@10.0.0.2", "tel:+1", "mailto:a@b"]
)
def test_nobody_is_called_who_is_no_single_sip_host(net, carol, uri):
    """Groups, wildcards and other schemes are passed over."""
    peer = redirecting(net, "10.0.1.1", f"<{uri}>")
    line = carol.call(peer)
    net.run_until_quiet()

    assert (1, 302) == (carol.sent.count(Method.INVITE), line.only(CallFailed).status)


@pytest.mark.parametrize("way", ["proxy", "next_hop"])
def test_a_redirected_call_goes_on_through_its_proxy(net, way):
    """RFC 3261 §8.1.2: a 3xx names another Request-URI; the way there is ours, and a circle of it ends as any other."""
    proxy = redirecting(net, "10.0.1.9", "<sip:a@10.0.1.1>;q=0.9", "<sip:b@10.0.1.2>;q=0.2", "<sip:elsewhere@10.0.1.9>")
    dave = Phone("dave", "10.0.0.4", account=Account(proxy=proxy_uri(proxy.address)) if way == "proxy" else Account())
    net.add(dave)
    line = dave.call("sip:a@10.0.1.1", **({"next_hop": proxy.address} if way == "next_hop" else {}))
    net.run_until_quiet()

    sent = dave.sent.of(Method.INVITE)
    called = ["sip:a@10.0.1.1", "sip:elsewhere@10.0.1.9", "sip:b@10.0.1.2"]
    assert (called, {proxy.address}) == ([str(one.request.uri) for one in sent], {one.destination for one in sent})
    assert 302 == line.only(CallFailed).status
