"""How a message of an abstract call is made, answered and judged: what several guards and effects share."""

from __future__ import annotations

from session_fsm.explore.abstract import NARROWED, Key, Message, branch_of
from session_fsm.explore.turn import StuckError, Turn

CALL, DIALOG, OFFER_ANSWER, MEDIA = Key("call"), Key("dialog"), Key("offer_answer"), Key("media")
HOLD, PEER_HOLD = Key("hold"), Key("peer_hold")

Payload = Message | None


def number_of(turn: Turn, name: str) -> int:
    """A fact that is a number."""
    return int(str(turn.facts[name]))


def open_dialog(turn: Turn, fork: int = 0) -> Key:
    """The dialog with a callee, at the first message that names it. The first one counts until one wins."""
    key = DIALOG._replace(fork=fork)
    if key not in turn.stands:
        if not any(one.chart == "dialog" for one in turn.stands):
            turn.facts["dialog"] = fork
        turn.open_machine(key)
    return key


def server_of(message: Message) -> Key:
    """The server transaction of a request."""
    chart = "invite_server" if message.method == "INVITE" else "non_invite_server"
    inside = message.to_tag and message.method == "INVITE"
    return Key(chart, "re-INVITE" if inside else message.method, message.branch, message.cseq, message.to_tag)


def payload_of_invite(turn: Turn) -> Message:
    """The INVITE that made this callee's call."""
    return Message("uac", "INVITE", cseq=1, branch=branch_of("uac", 1))


def respond(turn: Turn, request: Payload, status: int, sdp: str = "") -> None:
    """A response goes to the server transaction, which sends it."""
    if request is None:
        raise StuckError("there is no request that it could answer")
    to_tag = status > 100
    response = Message(turn.side, request.method, status, request.cseq, request.branch, to_tag, sdp, fork=request.fork)
    key = server_of(request)
    invite = key.chart == "invite_server"
    if status < 200:
        turn.post(key, "send_provisional", response)
    elif not invite:
        turn.post(key, "send_final", response)
    else:
        turn.post(key, "send_success" if status < 300 else "send_failure", response)


def request(
    turn: Turn, method: str, cseq: int, purpose: str, sdp: str = "", *, lost: bool = False, fork: int = 0
) -> None:
    """A request within the dialog, or the first INVITE, goes to a client transaction of its own."""
    inside = purpose not in ("INVITE", "CANCEL")
    made = Message(turn.side, method, 0, cseq, branch_of(turn.side, cseq, fork=fork), inside, sdp, lost, fork)
    chart = "invite_client" if method == "INVITE" else "non_invite_client"
    turn.open_machine(Key(chart, purpose, made.branch, cseq), made)


def send_answer(turn: Turn, invite: Message, sdp: str) -> None:
    """A 2xx, and the machine that repeats it until its ACK comes."""
    key = Key("answer", "re-INVITE" if invite.to_tag else "INVITE", 0, invite.cseq)
    turn.facts["answer_seq"] = invite.cseq
    respond(turn, invite, 200, sdp)
    turn.open_machine(key)


def judge(turn: Turn, message: Payload) -> tuple[str, str] | None:
    """(`answer` or `agreement`, our direction), or None. As `Session.judge`; whether the codecs fit is open."""
    if message is None:
        return None
    if message not in turn.judged:
        turn.judged[message] = _judge(turn, message)
    return turn.judged[message]


def _judge(turn: Turn, message: Message) -> tuple[str, str] | None:
    facts = turn.facts
    if not message.sdp:
        return None
    is_offer = message.sdp.startswith("offer")
    if not is_offer and not facts["offered"]:
        return None
    ours = str(facts["local"] if is_offer else facts["offered"])
    direction = NARROWED[ours, message.direction]
    # Nobody refuses to be offered what is in force.
    if not (is_offer and direction == facts["agreement"]) and not turn.choose([True, False]):
        return None
    return ("answer" if is_offer else "agreement", direction)
