"""Which machine a message belongs to, with identities as small as numbers. RFC 3261 §12.2.2, §17.1.3, §17.2.3."""

from __future__ import annotations

import pytest

from session_fsm.session.matching import (
    Identity,
    Index,
    Owner,
    answer_key,
    client_key,
    dialog_key,
    initial_key,
    inviting_key,
    match,
    server_key,
)

INVITE = Identity(True, "INVITE", "b1", "host", "call", None, "theirs", 1)
OK = Identity(False, "INVITE", "b1", "host", "call", "ours", "theirs", 1)
IN_DIALOG = Identity(True, "BYE", "b2", "host", "call", "ours", "theirs", 2)
ACK = Identity(True, "ACK", "b3", "host", "call", "ours", "theirs", 1)

PARTS = ("is_request", "method", "branch", "sent_by", "call_id", "local_tag", "remote_tag", "cseq")


def changed(message, **parts):
    return Identity(**{part: getattr(message, part) for part in PARTS} | parts)


def test_an_unknown_invite_belongs_to_nobody_yet():
    assert (Owner.NOBODY, None) == match(INVITE, Index())


def test_an_invite_again_belongs_to_its_transaction():
    """RFC 3261 §17.2.3: branch, sent-by and method."""
    assert (Owner.SERVER, "tx") == match(INVITE, Index(servers={server_key(INVITE): "tx"}))


@pytest.mark.parametrize("change", [{"branch": "b9"}, {"sent_by": "other"}, {"method": "OPTIONS"}])
def test_a_transaction_is_branch_sent_by_and_method(change):
    index = Index(servers={server_key(INVITE): "tx"})

    assert Owner.SERVER != match(changed(INVITE, **change), index)[0]


def test_an_ack_with_the_branch_of_its_invite_belongs_to_that_transaction():
    """RFC 3261 §17.2.3: its method counts as INVITE."""
    assert (Owner.SERVER, "tx") == match(changed(ACK, branch="b1"), Index(servers={server_key(INVITE): "tx"}))


def test_an_ack_to_a_2xx_belongs_to_that_2xx():
    """RFC 3261 §13.2.2.4: dialog and CSeq number."""
    assert (Owner.ANSWER, "2xx") == match(ACK, Index(answers={answer_key(ACK): "2xx"}))


def test_a_2xx_comes_before_the_transaction_for_an_ack():
    """A peer that reuses the branch is understood."""
    ack = changed(ACK, branch="b1")
    index = Index(servers={server_key(INVITE): "tx"}, answers={answer_key(ack): "2xx"})

    assert (Owner.ANSWER, "2xx") == match(ack, index)


@pytest.mark.parametrize("change", [{"cseq": 2}, {"local_tag": "x"}, {"remote_tag": "x"}, {"call_id": "x"}])
def test_an_ack_that_acknowledges_nothing_is_dropped(change):
    index = Index(answers={answer_key(ACK): "2xx"})

    assert (Owner.STRAY, None) == match(changed(ACK, **change), index)


def test_a_cancel_means_the_invite_with_its_branch():
    """RFC 3261 §9.2."""
    index = Index(servers={server_key(INVITE): "tx"})

    assert (Owner.CANCELLED, "tx") == match(changed(INVITE, method="CANCEL"), index)


def test_a_cancel_again_belongs_to_its_own_transaction():
    cancel = changed(INVITE, method="CANCEL")
    index = Index(servers={server_key(INVITE): "tx", server_key(cancel): "cancel"})

    assert (Owner.SERVER, "cancel") == match(cancel, index)


def test_a_cancel_for_nothing_has_no_transaction():
    assert Owner.NO_TRANSACTION is match(changed(INVITE, method="CANCEL"), Index())[0]


def test_a_request_with_a_to_tag_belongs_to_its_dialog():
    """RFC 3261 §12.2.2."""
    assert (Owner.DIALOG, "dialog") == match(IN_DIALOG, Index(dialogs={dialog_key(IN_DIALOG): "dialog"}))


def test_a_request_with_a_to_tag_and_no_dialog_has_none():
    assert Owner.NO_DIALOG is match(IN_DIALOG, Index())[0]


def test_a_request_that_came_on_another_way_is_merged():
    """RFC 3261 §8.2.2.2: From tag, Call-ID and CSeq of an open transaction, another branch."""
    index = Index(initial={initial_key(INVITE): "tx"})

    assert (Owner.MERGED, None) == match(changed(INVITE, branch="b9"), index)


def test_a_response_belongs_to_the_transaction_with_its_branch():
    """RFC 3261 §17.1.3."""
    assert (Owner.CLIENT, "tx") == match(OK, Index(clients={client_key(OK): "tx"}))


@pytest.mark.parametrize("change", [{"branch": "b9"}, {"method": "BYE"}])
def test_a_response_to_nothing_is_dropped(change):
    """A CANCEL has its INVITE's branch, so the method counts."""
    index = Index(clients={client_key(OK): "tx"})

    assert Owner.STRAY is match(changed(OK, **change), index)[0]


@pytest.mark.parametrize("method", ["BYE", "INVITE", "UPDATE", "INFO", "OPTIONS"])
def test_a_request_without_a_dialog_belongs_to_the_invite_that_may_still_make_it(method):
    """RFC 3261 §12.1.1: whoever answers may send requests at once, and they may come before its 2xx."""
    request = changed(IN_DIALOG, method=method)

    assert (Owner.INVITING, "tx") == match(request, Index(inviting={inviting_key(request): "tx"}))


@pytest.mark.parametrize("change", [{"local_tag": "x"}, {"call_id": "x"}])
def test_nothing_else_belongs_to_an_invite_without_a_dialog(change):
    index = Index(inviting={inviting_key(IN_DIALOG): "tx"})

    assert (Owner.NO_DIALOG, None) == match(changed(IN_DIALOG, **change), index)
