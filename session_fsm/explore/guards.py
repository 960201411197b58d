"""What the guards of a call ask, when data are abstract. Each mirrors the function of its name in `session/`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from session_fsm.explore.abstract import RECEIVES, REVERSED, SENDS
from session_fsm.explore.sending import PEER_HOLD, Payload, judge, number_of
from session_fsm.explore.turn import Turn

FATAL = (408, 481)

GuardMeaning = Callable[[Turn, Payload], bool | None]


def _offer_acceptable(turn: Turn, payload: Payload) -> bool:
    """Judged when the INVITE comes, and again with the media that the application gives when it answers."""
    if not turn.facts["incoming"]:
        if payload is None or not payload.sdp:
            turn.facts["incoming"] = "offerless"
        else:
            turn.facts["incoming"] = payload.direction if judge(turn, payload) else "bad"
        return turn.facts["incoming"] in REVERSED
    return turn.facts["incoming"] in REVERSED and turn.choose([True, False])


def _followable(turn: Turn, payload: Payload) -> bool | None:
    """A Contact that was not tried may be there; one redirection is followed."""
    return None if payload is not None and 300 <= payload.status < 400 and not turn.facts["tried"] else False


def _current(turn: Turn, payload: Payload) -> bool:
    """A response to our last re-INVITE, or the ACK to our last 2xx, also when it was postponed."""
    if payload is None:
        return not any(key.chart == "answer" and key.cseq == turn.facts["answer_seq"] for key in turn.stands)
    return payload.cseq == turn.facts["reoffer_seq" if payload.status else "answer_seq"]


def _stale(turn: Turn, payload: Payload) -> bool:
    if payload is None:
        return False
    return 0 < payload.cseq <= number_of(turn, "fork_seq" if payload.fork else "remote_seq")


def _listening(turn: Turn, payload: Payload) -> bool:
    waiting = turn.facts["waiting"]
    return isinstance(waiting, tuple) and waiting[:1] != () and waiting[0] in RECEIVES


def _holding(turn: Turn, payload: Payload) -> bool:
    """As `Negotiation.peer_wish`: an answer to an offer in which we do not send says nothing new."""
    if payload is None or (payload.sdp.startswith("answer") and turn.facts["offered"] not in SENDS):
        return turn.stands[PEER_HOLD].state == "Holding"
    return payload.direction not in RECEIVES


GUARDS: Mapping[tuple[str, str], GuardMeaning] = {
    ("call", "offering"): lambda turn, _: bool(turn.facts["offering"]),
    # Nobody asks for a digest here.
    ("call", "answering"): lambda turn, _: False,
    ("call", "ringing"): lambda turn, payload: payload is not None and payload.status == 180,
    ("call", "followable"): _followable,
    ("call", "offer_acceptable"): _offer_acceptable,
    ("call", "offerless"): lambda turn, _: turn.facts["incoming"] == "offerless",
    ("call", "on_hold"): lambda turn, _: turn.facts["agreement"] not in ("", "sendrecv"),
    ("dialog", "carries_sdp"): lambda turn, payload: payload is not None and bool(payload.sdp),
    ("dialog", "first_answer"): lambda turn, _: not turn.facts["won"],
    ("dialog", "stale"): _stale,
    # No INFO is on the explored network, and no digit: these machines are proved by tests of their own.
    ("dialog", "packaged"): lambda turn, payload: False,
    ("dialog", "says_digit"): lambda turn, payload: False,
    ("dialog", "empty"): lambda turn, payload: False,
    ("offer_answer", "agreeable"): lambda turn, payload: judge(turn, payload) is not None,
    ("offer_answer", "other_fork"): lambda turn, p: p is not None and p.status > 0 and p.fork != turn.facts["adopted"],
    ("offer_answer", "reliable"): lambda turn, payload: payload is None or not 0 < payload.status < 200,
    ("offer_answer", "current"): _current,
    ("offer_answer", "offerless"): lambda turn, payload: payload is not None and not payload.sdp,
    ("offer_answer", "success"): lambda turn, payload: payload is not None and 200 <= payload.status < 300,
    ("offer_answer", "updatable"): lambda turn, payload: turn.rules.updates != "never",
    ("offer_answer", "preferred"): lambda turn, payload: turn.rules.updates == "always",
    ("offer_answer", "glaring"): lambda turn, payload: payload is not None and payload.status == 491,
    ("offer_answer", "fatal"): lambda turn, payload: payload is not None and payload.status in FATAL,
    ("hold", "listening"): _listening,
    ("peer_hold", "holding"): _holding,
    ("media", "inactive"): lambda turn, _: turn.facts["agreement"] in ("", "inactive"),
    ("media", "expects_rtp"): lambda turn, _: turn.facts["agreement"] in RECEIVES,
    ("media", "only_sends"): lambda turn, _: turn.facts["agreement"] == "sendonly",
    ("media", "sends"): lambda turn, _: turn.facts["agreement"] in SENDS,
    ("media", "path_changed"): lambda turn, _: turn.facts["agreement"] != turn.facts["open"],
}
