"""What the rows of `source.toml` look at and do: which address was named, which one was heard, and who is learnt.

A call has this machine from the first path on that may be learnt. Source: design §4 of media, RFC 7362 §4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from session_fsm.session.events import Address
from session_fsm.session.orders import EdgeFacts, FollowSource, HearOthers
from session_fsm.session.registry import Registry

if TYPE_CHECKING:
    from session_fsm.session.session import Session


def name_path(at: Session, address: Address) -> bool:
    """Offer and answer name this address. Whether the chart, and not this address alone, says whose packets count."""
    if "source" not in at.watches and not may_learn(at):
        return False
    at.endpoint.mailbox.post(at.watch("source"), "path_named", address)
    return True


def may_learn(at: Session) -> bool:
    """Only where the description's address is not the one that the signalling came from, unless told otherwise."""
    policy, agreement = at.endpoint.settings.learn_source, at.negotiation.agreement
    if policy != "nat" or agreement is None:
        return policy == "always"
    return at.signalled_from is not None and at.signalled_from[0] != agreement.remote[0]


def _learnable(at: Session, _: object) -> bool:
    return may_learn(at)


def _same(at: Session, address: Address) -> bool:
    return address == at.named_at


def _heard_there(at: Session, address: Address) -> bool:
    return address == at.heard_at


def _note_address(at: Session, address: Address) -> None:
    at.named_at = address


def _note_source(at: Session, facts: EdgeFacts) -> None:
    at.learnt_at = facts.source


def _listen_to_others(at: Session, _: object) -> None:
    at.endpoint.orders.append(HearOthers(session_id=at.id, on_probation=True))


def _ignore_others(at: Session, _: object) -> None:
    at.endpoint.orders.append(HearOthers(session_id=at.id, on_probation=False))


def _follow_source(at: Session, _: object) -> None:
    _follow(at, at.learnt_at)


def _follow_named(at: Session, _: object) -> None:
    _follow(at, at.named_at)


def _follow(at: Session, source: Address | None) -> None:
    if source is not None:
        at.endpoint.orders.append(FollowSource(session_id=at.id, source=source))


REGISTRY: Registry = Registry(
    guards={"learnable": _learnable, "same": _same, "heard_there": _heard_there},
    effects={
        "note_address": _note_address,
        "note_source": _note_source,
        "listen_to_others": _listen_to_others,
        "ignore_others": _ignore_others,
        "follow_source": _follow_source,
        "follow_named": _follow_named,
    },
)
