"""A registrar for tests of the virtual network: it asks for a digest, keeps Contacts, and fails when it is told to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from session_fsm.sip import Request
from session_fsm.sip.digest import Challenge, DigestAnswer
from session_fsm.testing import Datagram, ScriptedPeer

Headers = Sequence[tuple[str, str]]


class Registrar(ScriptedPeer):
    """Answers REGISTER. `password=None` asks nobody who they are; `script` are the statuses of the next responses."""

    def __init__(
        self,
        *,
        password: str | None = None,
        realm: str = "10.0.0.5",
        grants: int = 600,
        others: Sequence[str] = (),
    ) -> None:
        super().__init__("registrar", "10.0.0.5")
        self.password = password
        self.realm = realm
        self.grants = grants
        self.others = others
        self.script: list[tuple[int, Headers]] = []
        self.bindings: dict[str, int] = {}
        self.stale = False
        self._nonces = 0
        self.when("REGISTER", self._answer)

    @property
    def registers(self) -> list[Request]:
        """Every REGISTER that came."""
        return [datagram.request for datagram in self.received.of("REGISTER")]

    def _answer(self, datagram: Datagram) -> None:
        request = datagram.request
        if self.script:
            status, headers = self.script.pop(0)
            if status:
                self.respond(datagram, status, headers=headers, contact=False)
        elif self.password is not None and not self._is_proven(request):
            self.respond(datagram, 401, headers=[("WWW-Authenticate", str(self.challenge()))], contact=False)
        else:
            self._keep(datagram, request)

    def challenge(self) -> Challenge:
        """A new one each time."""
        self._nonces += 1
        stale, self.stale = self.stale, False
        return Challenge(realm=self.realm, nonce=f"nonce-{self._nonces}", qop=("auth",), stale=stale)

    def _is_proven(self, request: Request) -> bool:
        if self.stale or self.password is None:
            return False
        answers = [DigestAnswer.parse(row) for row in request.rows("authorization")]
        return any(answer.is_right(self.password, "REGISTER") for answer in answers)

    def _keep(self, datagram: Datagram, request: Request) -> None:
        contact = request.contact
        assert contact is not None
        asked = int(contact.params.get("expires") or 0)
        if asked:
            self.bindings[str(contact.uri)] = min(asked, self.grants)
        else:
            self.bindings.pop(str(contact.uri), None)
        self.respond(datagram, 200, headers=list(self._listed()), contact=False)

    def _listed(self) -> Iterator[tuple[str, str]]:
        yield from (("Contact", f"<{other}>;expires=77") for other in self.others)
        yield from (("Contact", f"<{uri}>;expires={seconds}") for uri, seconds in self.bindings.items())
