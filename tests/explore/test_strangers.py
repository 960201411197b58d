"""Our caller and our callee against a peer that may say anything: nothing is assumed of peers of other makes."""

from __future__ import annotations

import pytest

from session_fsm.explore.exploration import Product, findings, products
from session_fsm.explore.search import Found, walk
from session_fsm.session.building import shipped_charts

pytestmark = pytest.mark.slow

STRANGE = {product.name: product for product in products(1) if product.stranger}


@pytest.fixture(scope="module", params=STRANGE.values(), ids=STRANGE)
def met(request) -> tuple[Product, Found]:
    """One side of ours and a stranger, walked."""
    found = request.param.begun(list(shipped_charts().values()))
    walk(found)
    return request.param, found


def taken(found: Found) -> set[str]:
    return {f"{chart}.{row}" for half in found.halves for chart, row in half.actor.taken}


def test_whatever_a_peer_says_no_property_fails(met):
    """No impossible cell, no lost event, no effect without what it needs; and the call can always end."""
    product, found = met

    assert [] == [
        (finding.property, finding.what) for finding in findings(found, product, list(shipped_charts().values()))
    ]


def test_what_only_a_stranger_says_is_taken_too(met):
    """OPTIONS, requests out of order, a re-INVITE without an offer, an answer in the ACK."""
    wanted = {
        "dialog.options",
        "dialog.stale-options",
        "dialog.stale-reinvite",
        "dialog.stale-bye",
        "offer_answer.offerless-reinvite",
        "offer_answer.answer-in-ack",
        "offer_answer.Awaiting.reanswer_unacknowledged",
    }

    assert set() == wanted - taken(met[1])
