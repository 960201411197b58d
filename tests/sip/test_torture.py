"""The torture messages of RFC 4475 and RFC 5118, read from the folder that SESSION_FSM_TORTURE names.

The folder holds `rfc4475/` and `rfc5118/` with one `.dat` file a message. Each verdict is the one that the RFC's text
asks for or allows; where it allows several, the comment says which was chosen.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from session_fsm.sip import Accepted, Dropped, Echo, Rejected, Request, Response, read

OK = "accepted"
DROP = "dropped"

RFC4475 = {
    "wsinv": ("3.1.1.1", OK),
    "intmeth": ("3.1.1.2", OK),
    "esc01": ("3.1.1.3", OK),
    "escnull": ("3.1.1.4", OK),
    "esc02": ("3.1.1.5", OK),
    "lwsdisp": ("3.1.1.6", OK),
    "longreq": ("3.1.1.7", OK),
    "dblreq": ("3.1.1.8", OK),
    "semiuri": ("3.1.1.9", OK),
    "transports": ("3.1.1.10", OK),
    "mpart01": ("3.1.1.11", OK),
    "unreason": ("3.1.1.12", OK),
    "noreason": ("3.1.1.13", OK),
    "badinv01": ("3.1.2.1", 400),
    "clerr": ("3.1.2.2", 400),
    "ncl": ("3.1.2.3", 400),
    "scalar02": ("3.1.2.4", 400),
    "scalarlg": ("3.1.2.5", DROP),
    "quotbal": ("3.1.2.6", 400),
    "ltgtruri": ("3.1.2.7", 400),  # "reasonable always to reject"
    "lwsruri": ("3.1.2.8", 400),
    "lwsstart": ("3.1.2.9", OK),  # "an element that is liberal may ignore these extra SP"
    "trws": ("3.1.2.10", OK),  # the same
    "escruri": ("3.1.2.11", 400),  # "acceptable to reject"; headers out of a URI are never wanted
    "baddate": ("3.1.2.12", OK),  # "shouldn't [reject] unless the Date were important"
    "regbadct": ("3.1.2.13", 400),  # "reasonable to respond with a 400"
    "badaspec": ("3.1.2.14", OK),  # "elements attempting to be liberal may ignore the spaces"
    "baddn": ("3.1.2.15", 400),  # "reasonable always to reject"; the comma is what makes it ambiguous
    "badvers": ("3.1.2.16", 505),
    "mismatch01": ("3.1.2.17", 400),
    "mismatch02": ("3.1.2.18", 501),  # 400 is acceptable, 501 is better
    "bigcode": ("3.1.2.19", DROP),
    "badbranch": ("3.2.1", OK),  # falls back to the transaction identifier of RFC 2543
    "insuf": ("3.3.1", 400),
    "unkscm": ("3.3.2", OK),  # 416 is decided above
    "novelsc": ("3.3.3", OK),  # 416 above
    "unksm2": ("3.3.4", OK),
    "bext01": ("3.3.5", OK),  # 420 above
    "invut": ("3.3.6", OK),  # 415 above
    "regaut01": ("3.3.7", OK),
    "multi01": ("3.3.8", 400),
    "mcl01": ("3.3.9", 400),
    "bcast": ("3.3.10", DROP),
    "zeromf": ("3.3.11", OK),
    "cparam01": ("3.3.12", OK),
    "cparam02": ("3.3.13", OK),
    "regescrt": ("3.3.14", OK),
    "sdp01": ("3.3.15", OK),  # 406 above
    "inv2543": ("3.4.1", OK),
    "test": ("archive only", 400),  # no SIP-Version, and a line without a colon
}

RFC5118 = {
    "ipv6-good": ("4.1", OK),
    "ipv6-bad": ("4.2", 400),
    "port-ambiguous": ("4.3", OK),
    "port-unambiguous": ("4.4", OK),
    "via-received-param-with-delim": ("4.5", OK),
    "via-received-param-no-delim": ("4.5", OK),
    "ipv6-in-sdp": ("4.6", OK),
    "mult-ip-in-header": ("4.7", OK),
    "mult-ip-in-sdp": ("4.8", OK),
    "ipv4-mapped-ipv6": ("4.9", OK),
    "ipv6-bug-abnf-3-colons": ("4.10", OK),  # "an implementation must tolerate both"
    "ipv6-correct-abnf-2-colons": ("4.10", OK),
}

ALL = [("rfc4475", name, *row) for name, row in RFC4475.items()] + [
    ("rfc5118", name, *row) for name, row in RFC5118.items()
]


@pytest.fixture(scope="module")
def folder() -> Path:
    named = os.environ.get("SESSION_FSM_TORTURE")
    if named is None:
        if os.environ.get("CI") == "true":
            pytest.fail("CI must name the folder of torture messages in SESSION_FSM_TORTURE")
        pytest.skip("SESSION_FSM_TORTURE names no folder with rfc4475/ and rfc5118/")
    return Path(named)


def datagram(folder: Path, rfc: str, name: str) -> bytes:
    return (folder / rfc / f"{name}.dat").read_bytes()


def accepted(folder: Path, name: str, rfc: str = "rfc4475") -> Request | Response:
    verdict = read(datagram(folder, rfc, name))
    assert isinstance(verdict, Accepted)
    return verdict.message


def request(folder: Path, name: str, rfc: str = "rfc4475") -> Request:
    message = accepted(folder, name, rfc)
    assert isinstance(message, Request)
    return message


@pytest.mark.parametrize(("rfc", "table"), [("rfc4475", RFC4475), ("rfc5118", RFC5118)])
def test_every_message_of_the_folder_is_in_the_table(folder, rfc, table):
    """The tables leave no message out."""
    assert sorted(table) == sorted(path.stem for path in (folder / rfc).glob("*.dat"))


@pytest.mark.parametrize(("rfc", "name", "section", "expected"), ALL, ids=[row[1] for row in ALL])
def test_verdict(folder, rfc, name, section, expected):
    """Each message gets the verdict of its section."""
    match read(datagram(folder, rfc, name)):
        case Accepted():
            assert OK == expected
        case Rejected(status=status):
            assert status == expected
        case Dropped():
            assert DROP == expected


@pytest.mark.parametrize(("rfc", "name", "section", "expected"), ALL, ids=[row[1] for row in ALL])
def test_every_typed_value_of_an_accepted_message_can_be_read(folder, rfc, name, section, expected):
    """What was accepted never raises later."""
    verdict = read(datagram(folder, rfc, name))

    if isinstance(verdict, Accepted):
        for value in ("via", "vias", "branch", "from_", "to", "from_tag", "to_tag", "call_id", "cseq", "contact",
                      "contacts", "routes", "record_routes", "max_forwards", "content_type", "require", "supported",
                      "proxy_require", "allow", "accept", "expires", "retry_after"):  # fmt: skip
            getattr(verdict.message, value)


@pytest.mark.parametrize(("rfc", "name", "section", "expected"), ALL, ids=[row[1] for row in ALL])
def test_every_request_can_be_answered(folder, rfc, name, section, expected):
    """The answer to a request that was accepted or rejected is a response that can be framed."""
    verdict = read(datagram(folder, rfc, name))
    if isinstance(verdict, Dropped) or (isinstance(verdict, Accepted) and isinstance(verdict.message, Response)):
        return
    message = verdict.request if isinstance(verdict, Rejected) else verdict.message

    answer = Echo(message, "our-tag", received_from=("192.0.2.77", 5099)).response(400)

    assert answer.startswith(b"SIP/2.0 400 Bad Request\r\n")
    assert answer.endswith(b"\r\nContent-Length: 0\r\n\r\n")


def test_wsinv_is_understood_through_its_folding(folder):
    """RFC 4475 §3.1.1.1: folding, blanks, compact forms, leading zeros, quotes."""
    message = request(folder, "wsinv")

    assert ("1918181833n", "98asjd8", 'J Rosenberg \\"') == (
        message.to_tag,
        message.from_tag,
        message.from_.display_name,
    )
    assert (9, "INVITE", 68) == (message.cseq.number, message.cseq.method, message.max_forwards)
    assert ["390skdjuw", "z9hG4bK9ikj8", "z9hG4bK30239"] == [via.branch for via in message.vias]
    assert ("UDP", "192.0.2.2") == (message.via.transport, message.via.host)
    assert message.routes[0].uri.is_loose
    assert "newfangled value continued newfangled value" == message.get("NewFangledHeader")
    assert [";;,,;;,;"] == message.get_all("UnknownHeaderWithUnusualValue")
    assert 'Quoted string ""' == message.contact.display_name
    assert {"newparam": "newvalue", "secondparam": None, "q": "0.33"} == message.contact.params
    assert 150 == len(message.body)


def test_intmeth_keeps_its_unusual_characters(folder):
    """RFC 4475 §3.1.1.2: % is no escape in a method, and a quoted NULL is a NULL."""
    message = request(folder, "intmeth")

    assert "!interesting-Method0123456789_*+`.%indeed'~" == message.method == message.cseq.method
    assert "BEL:\x07 NUL:\x00 DEL:\x7f" == message.to.display_name
    assert "1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*" == message.uri.user
    assert "&it+has=1,weird!*pas$wo~d_too.(doesn't-it)" == message.uri.password
    assert "_token~1'+`*%!-." == message.from_tag
    assert "intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{" == message.call_id


def test_esc01_resolves_escapes_once(folder):
    """RFC 4475 §3.1.1.3: sips%3Auser%40example.com is a user part, and %25 is resolved once only."""
    message = request(folder, "esc01")

    assert "sip" == message.uri.scheme
    assert "sips:user@example.com" == message.uri.decoded_user
    assert "user" == message.to.uri.decoded_user
    assert {"%6c%72": None, "n%61me": "v%61lue%25%34%31"} == message.contact.uri.params


def test_escnull_names_two_distinct_contacts(folder):
    """RFC 4475 §3.1.1.4: one NULL and two NULLs are different users."""
    first, second = request(folder, "escnull").contacts

    assert ("\0", "\0\0") == (first.uri.decoded_user, second.uri.decoded_user)
    assert not first.uri.matches(second.uri)


def test_esc02_has_two_contacts_and_no_register(folder):
    """RFC 4475 §3.1.1.5: % is no escape in a method, a name or a header name."""
    message = request(folder, "esc02")

    assert "RE%47IST%45R" == message.method
    assert "%Z%45" == message.to.display_name
    assert ["alias1", "alias3"] == [contact.uri.user for contact in message.contacts]


def test_longreq_keeps_all_its_via_values(folder):
    """RFC 4475 §3.1.1.7: thirty-four Via fields in many spellings, the branch is in the last."""
    message = request(folder, "longreq")

    assert 34 == len(message.vias)
    assert message.branch is None
    assert "very" + 50 * "long" + "branchvalue" == message.vias[-1].branch


def test_dblreq_ends_where_content_length_says(folder):
    """RFC 4475 §3.1.1.8: octets behind the body are noise."""
    assert b"" == request(folder, "dblreq").body


def test_semiuri_has_a_semicolon_in_its_user(folder):
    """RFC 4475 §3.1.1.9: the user part is `user;par=u@example.net`."""
    assert "user;par=u@example.net" == request(folder, "semiuri").uri.decoded_user


def test_mpart01_keeps_every_octet_of_its_body(folder):
    """RFC 4475 §3.1.1.11: NULL octets do not end the body."""
    message = request(folder, "mpart01")

    assert ("multipart/mixed", 553) == (message.content_type, len(message.body))
    assert message.body.endswith(b"--7a9cbec02ceef655--\r\n")


def test_badbranch_has_no_usable_branch(folder):
    """RFC 4475 §3.2.1: the cookie alone identifies no transaction."""
    assert request(folder, "badbranch").branch is None


def test_bext01_names_what_it_requires(folder):
    """RFC 4475 §3.3.5: both lists are at hand for Unsupported."""
    message = request(folder, "bext01")

    assert ["nothingsupportsthis", "nothingsupportsthiseither"] == message.require
    assert ["noproxiessupportthis", "nordoanyproxiessupportthis"] == message.proxy_require


@pytest.mark.parametrize(("name", "scheme"), [("unkscm", "nobodyknowsthisscheme"), ("novelsc", "soap.beep")])
def test_a_foreign_request_uri_keeps_its_scheme(folder, name, scheme):
    """RFC 4475 §3.3.2 and §3.3.3: well formed, to be answered 416."""
    assert scheme == request(folder, name).uri.scheme


def test_sdp01_accepts_no_sdp(folder):
    """RFC 4475 §3.3.15: Accept has no application/sdp, to be answered 406."""
    assert not request(folder, "sdp01").accepts("application/sdp")


def test_cparam_tells_header_parameters_from_uri_parameters(folder):
    """RFC 4475 §3.3.12 and §3.3.13: without <> the parameter belongs to the header field."""
    bare, bracketed = request(folder, "cparam01").contact, request(folder, "cparam02").contact

    assert ({"unknownparam": None}, {}) == (bare.params, bare.uri.params)
    assert ({}, {"unknownparam": None}) == (bracketed.params, bracketed.uri.params)


def test_regescrt_keeps_the_escaped_route(folder):
    """RFC 4475 §3.3.14: headers of a contact's URI stay with it and become nothing else."""
    message = request(folder, "regescrt")

    assert (("Route", "%3Csip:sip.example.com%3E"),) == message.contact.uri.headers
    assert [] == message.routes


def test_inv2543_has_no_tag_branch_length_or_hops(folder):
    """RFC 4475 §3.4.1: a request of RFC 2543; its body is the rest of the datagram."""
    message = request(folder, "inv2543")

    assert (None, None, None, False) == (
        message.from_tag,
        message.branch,
        message.max_forwards,
        message.has("Content-Length"),
    )
    assert message.body.endswith(b"m=audio 49217 RTP/AVP 0\r\n")


def test_reason_phrases_may_be_anything_or_nothing(folder):
    """RFC 4475 §3.1.1.12 and §3.1.1.13."""
    unusual, empty = accepted(folder, "unreason"), accepted(folder, "noreason")

    assert unusual.reason.startswith("= 2**3 * 5**2 но сто девяносто девять")
    assert (100, "") == (empty.status, empty.reason)


@pytest.mark.parametrize(
    ("name", "host", "port"),
    [("port-ambiguous", "2001:db8::10:5070", None), ("port-unambiguous", "2001:db8::10", 5070)],
)
def test_the_port_stands_behind_the_brackets(folder, name, host, port):
    """RFC 5118 §4.3 and §4.4: what is inside the brackets is the address."""
    uri = request(folder, name, "rfc5118").uri

    assert (host, port) == (uri.host, uri.port)


@pytest.mark.parametrize("name", ["via-received-param-with-delim", "via-received-param-no-delim"])
def test_received_is_read_with_and_without_brackets(folder, name):
    """RFC 5118 §4.5."""
    assert "2001:db8::9:255" == request(folder, name, "rfc5118").via.received


def test_a_third_colon_is_the_same_address(folder):
    """RFC 5118 §4.10: the bug of the grammar and its correction name one address."""
    with_bug = request(folder, "ipv6-bug-abnf-3-colons", "rfc5118")
    without = request(folder, "ipv6-correct-abnf-2-colons", "rfc5118")

    assert with_bug.uri.matches(without.uri)
