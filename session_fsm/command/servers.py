"""`--registrar`, `--expires`, `--user`, `--password`, `--realm`, `--proxy`: as typer reads them, and as values."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated

import typer

from session_fsm.command.exits import CommandError, within
from session_fsm.errors import Malformed
from session_fsm.sip import SipUri

if TYPE_CHECKING:
    # What a session is made of is imported when a command runs one.
    from session_fsm.session.account import Credentials

Registrar = Annotated[
    str | None,
    typer.Option(
        "--registrar", metavar="HOST:PORT", envvar="SESSION_FSM_REGISTRAR", help="Register there, as long as this runs."
    ),
]
Expires = Annotated[
    int | None, typer.Option("--expires", metavar="SECONDS", help="How long a binding is asked for; else 600.")
]
User = Annotated[
    str | None,
    typer.Option("--user", metavar="U", envvar="SESSION_FSM_USER", help="Our name at the registrar and the proxy."),
]
Password = Annotated[
    str | None,
    typer.Option("--password", metavar="P", envvar="SESSION_FSM_PASSWORD", help="What proves it."),
]
Realm = Annotated[
    str | None,
    typer.Option("--realm", metavar="R", help="Whose password it is, where neither server is named like it."),
]
Proxy = Annotated[
    str | None,
    typer.Option(
        "--proxy",
        metavar="HOST:PORT",
        envvar="SESSION_FSM_PROXY",
        help="Where requests go that have no route of their own.",
    ),
]

LONGEST = 7 * 24 * 3600  # seconds; what is asked for at most


@dataclass(frozen=True, slots=True, kw_only=True)
class Servers:
    """The servers that a command uses, and who we are to them."""

    registrar: SipUri | None = None
    proxy: SipUri | None = None
    user: str | None = None
    password: str | None = None
    realm: str | None = None
    expires: int | None = None

    @property
    def first(self) -> SipUri | None:
        """Where requests go first, if not to whom they are for."""
        return self.proxy or self.registrar

    @property
    def credentials(self) -> Credentials | None:
        """What we prove; None when we prove nothing."""
        from session_fsm.session.account import Credentials

        if self.user is None or self.password is None:
            return None
        return Credentials(self.user, self.password, self.realm)

    def own_uri(self, otherwise: str) -> str:
        """Our address: our name at the registrar, else at the proxy."""
        home = self.registrar or self.proxy
        if self.user is None or home is None:
            return otherwise
        return str(replace(home, user=self.user, params={}))


NONE = Servers()


def make_servers(
    registrar: str | None,
    user: str | None,
    password: str | None,
    proxy: str | None,
    *,
    realm: str | None = None,
    expires: int | None = None,
) -> Servers:
    """The options as values, or a complaint about the first that is none."""
    found = Servers(
        registrar=_server("--registrar", registrar),
        proxy=_server("--proxy", proxy),
        user=user,
        password=password,
        realm=realm,
        expires=expires,
    )
    if registrar is not None and not user:
        raise CommandError("--registrar: who is to be registered? --user names them, or SESSION_FSM_USER")
    if password is not None and not user:
        raise CommandError("--password: whose is it? --user names them, or SESSION_FSM_USER")
    if realm is not None and password is None:
        raise CommandError("--realm: what is proven there? --password says it, or SESSION_FSM_PASSWORD")
    if expires is not None and registrar is None:
        raise CommandError("--expires: where is a binding asked for? --registrar names the server")
    within("--expires", expires, 1, LONGEST)
    try:
        SipUri.parse(found.own_uri("sip:nobody@localhost"))
        _ = found.credentials
    except (Malformed, ValueError) as error:
        raise CommandError(f"--user: {user!r} cannot be the user of an address: {error}") from None
    return found


def _server(option: str, text: str | None) -> SipUri | None:
    from session_fsm.session.account import proxy_uri, server_uri

    if text is None:
        return None
    try:
        return proxy_uri(text) if option == "--proxy" else server_uri("registrar", text)
    except (Malformed, ValueError):
        raise CommandError(
            f"{option}: {text!r} is no server; write HOST:PORT such as 192.0.2.1:5060, or sip:example.com; over UDP"
        ) from None
