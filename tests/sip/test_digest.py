"""`sip.digest`: the published examples, what is refused, what is chosen, and that everything is read back."""

from __future__ import annotations

from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_fsm.errors import Malformed
from session_fsm.sip.digest import (
    ALGORITHMS,
    AuthenticationInfo,
    Challenge,
    DigestAnswer,
    answer_to,
    best_of_each_realm,
    readable_challenges,
)

HTTP_AUTH = {"realm": "http-auth@example.org", "nonce": "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"}
CNONCE = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"


@pytest.mark.parametrize(
    ("algorithm", "response"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_the_example_of_rfc_7616(algorithm, response):
    """RFC 7616 §3.9.1."""
    challenge = Challenge(**HTTP_AUTH, algorithm=algorithm, qop=("auth", "auth-int"))

    answer = answer_to(challenge, "Mufasa", "Circle of Life", method="GET", uri="/dir/index.html", cnonce=CNONCE)

    assert response == answer.response


@pytest.mark.skipif("SHA-512-256" not in ALGORITHMS, reason="this OpenSSL has no SHA-512/256")
def test_the_example_of_rfc_7616_with_sha_512_256():
    """RFC 7616 §3.9.2 as its erratum 4897 has it: names in UTF-8."""
    nonce = "5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK"
    challenge = Challenge(realm="api@example.org", nonce=nonce, algorithm="SHA-512-256", qop=("auth",))
    cnonce = "NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v"

    answer = answer_to(challenge, "Jäsøn Doe", "Secret, or not?", method="GET", uri="/doe.json", cnonce=cnonce)

    assert "3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5" == answer.response


def test_the_example_of_rfc_2617():
    """RFC 2617 §3.5."""
    challenge = Challenge(realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", qop=("auth",))

    answer = answer_to(challenge, "Mufasa", "Circle Of Life", method="GET", uri="/dir/index.html", cnonce="0a4f113b")

    assert "6629fae49393a05397450978507c4ef1" == answer.response


def test_the_example_of_rfc_3665_is_read():
    """RFC 3665 §2.1 leaves a comma out, and its response has 31 digits: it is read, and it is not right."""
    answer = DigestAnswer.parse(
        'Digest username="bob", realm="atlanta.example.com" nonce="ea9c8e88df84f1cec4341ae6cbe5a359", opaque="", '
        'uri="sips:ss2.biloxi.example.com", response="dfe56131d1958046689d83306477ecc"'
    )

    assert ("bob", "", None, False) == (answer.username, answer.opaque, answer.qop, answer.is_right("x", "REGISTER"))


def test_without_qop_the_form_of_rfc_2069_is_used():
    """RFC 7616 §3.4.1: neither count nor client's nonce is hashed, and none is sent."""
    challenge = Challenge.parse('Digest realm="r", nonce="n"')

    answer = answer_to(challenge, "u", "p", method="REGISTER", uri="sip:r", cnonce="c")

    # MD5(MD5("u:r:p"):n:MD5("REGISTER:sip:r")), by another program.
    assert ("5790559ba44538767b07fb5adb649909", None, None) == (answer.response, answer.qop, answer.cnonce)


@pytest.mark.parametrize("algorithm", [*ALGORITHMS, *(f"{name}-sess" for name in ALGORITHMS)])
def test_an_answer_is_right_for_its_password_and_method_alone(algorithm):
    """RFC 7616 §3.4.2 and §3.4.3, also for a session."""
    challenge = Challenge(realm="r", nonce="n", algorithm=algorithm, qop=("auth",))

    answer = answer_to(challenge, "u", "p", method="INVITE", uri="sip:b", cnonce="c", nc=7)

    judged = [answer.is_right(*said) for said in (("p", "INVITE"), ("q", "INVITE"), ("p", "BYE"))]
    assert [True, False, False] == judged


def test_quotes_in_a_name_are_escaped():
    """RFC 7616 §3.4: the username is a quoted string."""
    challenge = Challenge(realm="r", nonce="n", qop=("auth",))

    answer = answer_to(challenge, 'a"b\\', "p", method="BYE", uri="sip:b", cnonce="c")

    assert answer == DigestAnswer.parse(str(answer))


TEXT = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters='"\\'), min_size=1, max_size=20)


@given(TEXT, TEXT, st.none() | TEXT, st.booleans(), st.sampled_from([(), ("auth",), ("auth", "auth-int")]))
def test_every_challenge_is_read_back(realm, nonce, opaque, stale, qop):
    """What we ask as a server we understand as a client."""
    challenge = Challenge(realm=realm, nonce=nonce, opaque=opaque, stale=stale, qop=qop, algorithm="SHA-256")

    assert challenge == Challenge.parse(str(challenge))


@given(TEXT, TEXT, TEXT, st.integers(1, 2**32 - 1))
def test_every_answer_is_read_back(user, nonce, cnonce, nc):
    """What we answer as a client we understand as a server."""
    challenge = Challenge(realm="r", nonce=nonce, qop=("auth",))
    answer = answer_to(challenge, user, "p", method="BYE", uri="sip:b", cnonce=cnonce, nc=nc)

    assert answer == DigestAnswer.parse(str(answer))


def test_authentication_info_is_read_back():
    """RFC 7616 §3.5."""
    info = AuthenticationInfo(nextnonce="n2", rspauth="00", qop="auth", nc=3, cnonce="c")

    assert info == AuthenticationInfo.parse(str(info))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Digest",
        "Basic realm=x, nonce=y",
        'Digest realm="r"',
        'Digest nonce="n"',
        'Digest realm="r", nonce="n", nonce="m"',
        'Digest realm="r, nonce="n"',
        'Digest realm="r", nonce="n", algorithm="a b"',
        'Digest realm="r", nonce="n", =',
    ],
)
def test_what_is_no_challenge_is_malformed(text):
    """RFC 7616 §3.3."""
    with pytest.raises(Malformed):
        Challenge.parse(text)


@pytest.mark.parametrize("nc", ["1", "0000000g", "000000001", "", "-0000001"])
def test_a_count_that_is_no_eight_hex_digits_is_malformed(nc):
    """RFC 7616 §3.4."""
    with pytest.raises(Malformed):
        DigestAnswer.parse(
            f'Digest username="u", realm="r", nonce="n", uri="x", response="0", qop=auth, cnonce="c", nc={nc}'
        )


def test_the_topmost_supported_challenge_of_a_realm_is_chosen():
    """RFC 8760 §2.4: what is unknown is passed over, and so is another scheme; RFC 3261 §22.3: one for each realm."""
    rows = [
        'Bearer realm="r"',
        'Digest realm="r", nonce="1", algorithm=SHA-1024, qop="auth"',
        'Digest realm="r", nonce="2", algorithm=sha-256, qop="auth"',
        'Digest realm="r", nonce="3", qop="auth"',
        'Digest realm="s", nonce="4", qop="auth-int"',
        'Digest realm="t", nonce="5"',
    ]

    chosen = best_of_each_realm(readable_challenges(rows))

    assert [("r", "2", "SHA-256"), ("t", "5", "MD5")] == [(one.realm, one.nonce, one.algorithm) for one in chosen]


@pytest.mark.parametrize("filling", ['a="', "a=b,", '"', "\\", "a", "=", " "])
def test_a_long_field_is_read_in_linear_time(filling):
    """64 kB of anything: no pattern tries twice."""
    text = 'Digest realm="r", ' + filling * (65536 // len(filling))
    began = perf_counter()

    assert [] == list(readable_challenges([text]))
    assert perf_counter() - began < 5
