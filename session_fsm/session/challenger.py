"""Asks others who they are: challenges that cost no memory, and answers that are taken once.

A nonce carries the moment at which it was made and a code that only we can make, so nothing is kept of a challenge
until it is answered well. Of those that were, the highest count is kept until the nonce expires, of a bounded number;
what has to be forgotten sooner is stale from then on. Source: RFC 7616 §3.3, §5.4; RFC 3261 §22; RFC 8760 §2.3.
"""

from __future__ import annotations

import logging
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import blake2s
from hmac import compare_digest
from random import Random
from typing import NamedTuple

from session_fsm.errors import Malformed
from session_fsm.session.possible import check_count, check_one_of, check_seconds, check_text
from session_fsm.session.settings import Seconds
from session_fsm.sip import METHODS, Request
from session_fsm.sip.digest import ALGORITHMS, AUTH, Challenge, DigestAnswer
from session_fsm.sip.grammar import unquote

log = logging.getLogger("session_fsm")

SECRET_BITS = 256
TIME_OCTETS, SALT_OCTETS, CODE_OCTETS = 6, 6, 12  # 24 octets are 32 characters without padding
NOT_CHALLENGED = ("ACK", "CANCEL")  # RFC 3261 §22.1: nobody can answer with another request of these

PASSED = ""


@dataclass(frozen=True, slots=True)
class DigestPolicy:
    """Whom we ask for a password, and how. Give it to `UserAgent(challenge=...)`.

    `lookup` gives the password of a user, or None when there is no such user; it is called in the event loop and must
    not wait. A user who does not know the password hears 401 as often as he asks.
    """

    realm: str
    lookup: Callable[[str], str | None]
    algorithms: tuple[str, ...] = tuple(name for name in ("SHA-256", "MD5") if name in ALGORITHMS)
    "What is offered, the most preferred first."
    methods: tuple[str, ...] = ("INVITE",)
    "The requests that are challenged."
    in_dialogs: bool = False
    "Whether those within a dialog are challenged too; the peer of a dialog has been asked once."
    lifetime: Seconds = 60.0
    "How long a nonce can be answered."
    most_nonces: int = 10_000
    "How many answered nonces are kept."

    def __post_init__(self) -> None:
        """Refuse what is not possible."""
        check_text("realm", self.realm)
        if '"' in self.realm or "\\" in self.realm or not self.realm:
            raise ValueError(f"realm is {self.realm!r}; it can be any text without quotes and backslashes")
        if not callable(self.lookup):
            raise ValueError("lookup can be a function that gives a user's password, or None")
        for name, possible in (("algorithms", ALGORITHMS), ("methods", sorted(METHODS - set(NOT_CHALLENGED)))):
            values = getattr(self, name)
            if not isinstance(values, tuple) or not values:
                raise ValueError(f"{name} is {values!r}; it can be a tuple of {', '.join(possible)}")
            for value in values:
                check_one_of(name, value, possible)
        check_seconds("lifetime", self.lifetime)
        check_count("most_nonces", self.most_nonces)


class Judgement(NamedTuple):
    """What became of a request that was to prove who sent it."""

    user: str | None = None
    "Who it is."
    challenges: tuple[Challenge, ...] = ()
    "What it is asked; empty when it may pass."
    why: str = ""
    "What was missing or wrong."


class Challenger:
    """One policy at work."""

    def __init__(self, policy: DigestPolicy, dice: Random, counters: Counter[str]) -> None:
        self.policy = policy
        self._dice = dice
        self._counters = counters
        self._secret = dice.getrandbits(SECRET_BITS).to_bytes(SECRET_BITS // 8, "big")
        self._used: OrderedDict[str, tuple[int, int]] = OrderedDict()
        "nonce -> (milliseconds at which it was made, highest count), in the order of first use."
        self._forgotten = -1
        "Nonces that were made up to here, in milliseconds, are stale: some of them were answered and are not kept."

    @property
    def kept(self) -> int:
        """How many answered nonces are kept."""
        return len(self._used)

    def user_of(self, request: Request) -> str | None:
        """Who a request that has passed is from; None when its method is not challenged."""
        answer = next(self._answers(request), None) if request.method in self.policy.methods else None
        return None if answer is None else unquote(f'"{answer.username}"')

    def judge(self, request: Request, now: Seconds) -> Judgement:
        """Whether a request may pass: it is not challenged, or answers as it should."""
        if request.method not in self.policy.methods:
            return Judgement()
        moment = int(now * 1000)
        why, user = self._judge(request, moment)
        if why == PASSED:
            return Judgement(user)
        self._counters[f"digest.{why}"] += 1
        return Judgement(None, tuple(self._challenges(moment, stale=why in ("stale", "replayed"))), why)

    def _judge(self, request: Request, moment: int) -> tuple[str, str | None]:
        answer = next(self._answers(request), None)
        if answer is None:
            return "unanswered", None
        user = unquote(f'"{answer.username}"')
        made = self._made_at(answer.nonce)
        if made is None or not self._is_right(answer, user, request.method):
            return "wrong", None
        # RFC 7616 §3.3: stale says that the password was right, so it comes after that.
        if not 0 <= moment - made <= self.policy.lifetime * 1000 or made <= self._forgotten:
            return "stale", None
        return (PASSED, user) if self._takes(answer, made, moment) else ("replayed", None)

    def _answers(self, request: Request) -> Iterator[DigestAnswer]:
        """The answers that are for us; of other realms there may be more (RFC 3261 §22.3)."""
        for row in request.rows("authorization"):
            try:
                answer = DigestAnswer.parse(row)
            except Malformed:
                continue
            if answer.realm == self.policy.realm and answer.algorithm in self.policy.algorithms:
                yield answer

    def _is_right(self, answer: DigestAnswer, user: str, method: str) -> bool:
        try:
            password = self.policy.lookup(user)
        except Exception:
            self._counters["fault.lookup"] += 1
            log.exception("the lookup of a DigestPolicy failed; nobody passes")
            password = None
        # Computed for unknown users too, who would be known by the time that it takes.
        return answer.is_right(password or "", method) and password is not None and answer.qop in (AUTH, None)

    def _takes(self, answer: DigestAnswer, made: int, moment: int) -> bool:
        """RFC 7616 §5.4: each count once, and rising. Without qop there is none, and a nonce is for one request."""
        count = answer.nc if answer.qop is not None else 1
        known = self._used.get(answer.nonce)
        if count < 1 or (known is not None and count <= known[1]):
            return False
        self._used[answer.nonce] = (made, count if answer.qop is not None else 2**32)
        self._forget_old(moment)
        return True

    def _forget_old(self, moment: int) -> None:
        while self._used:
            made, _ = next(iter(self._used.values()))
            if len(self._used) <= self.policy.most_nonces and moment - made <= self.policy.lifetime * 1000:
                return
            self._used.popitem(last=False)
            self._forgotten = max(self._forgotten, made)

    # Nonces.

    def _challenges(self, moment: int, *, stale: bool) -> Iterator[Challenge]:
        nonce = self._nonce(moment)
        for algorithm in self.policy.algorithms:
            yield Challenge(realm=self.policy.realm, nonce=nonce, algorithm=algorithm, qop=(AUTH,), stale=stale)

    def _nonce(self, moment: int) -> str:
        made = moment.to_bytes(TIME_OCTETS, "big") + self._dice.getrandbits(8 * SALT_OCTETS).to_bytes(
            SALT_OCTETS, "big"
        )
        return urlsafe_b64encode(made + self._code(made)).decode("ascii")

    def _made_at(self, nonce: str) -> int | None:
        """The moment at which we made it; None for one that is not ours."""
        try:
            octets = urlsafe_b64decode(nonce.encode("ascii"))
        except ValueError:
            return None
        made, code = octets[:-CODE_OCTETS], octets[-CODE_OCTETS:]
        if len(made) != TIME_OCTETS + SALT_OCTETS or not compare_digest(code, self._code(made)):
            return None
        return int.from_bytes(made[:TIME_OCTETS], "big")

    def _code(self, made: bytes) -> bytes:
        return blake2s(made, key=self._secret, digest_size=CODE_OCTETS).digest()
