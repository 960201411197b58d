"""The commands that make real calls, as typer reads them. Each imports what it runs when it is run."""

from __future__ import annotations

from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated

import typer

from session_fsm.command.exits import CommandError, Exit, within
from session_fsm.command.options import (
    SOURCE,
    Advertise,
    Bind,
    BindHere,
    Calls,
    Charts,
    Drain,
    Dtmf,
    HoldAt,
    Json,
    Play,
    Record,
    RecordMode,
    Ring,
    Status,
    Trace,
)
from session_fsm.command.running import run
from session_fsm.command.servers import Expires, Password, Proxy, Realm, Registrar, User, make_servers

SHORTEST_DEMO = 0.2  # seconds: ten frames, so that 98 % of them means something
LONGEST = 7 * 24 * 3600.0  # seconds that a call may last or ring


def demo(
    seconds: Annotated[float, typer.Option(help="How long the two talk.")] = 3.0,
    caller: Annotated[str, typer.Option(metavar="SRC", help=f"What the caller plays: {SOURCE}.")] = "tone:440",
    callee: Annotated[str, typer.Option(metavar="SRC", help="What the callee plays.")] = "tone:880",
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where recordings, traces and drawings go.")] = Path(
        "demo-out"
    ),
    as_json: Json = False,
    charts: Charts = None,
) -> None:
    """Two processes call each other, and each proves that it heard the other."""
    from session_fsm.command.demo import Demo, run_demo
    from session_fsm.command.sources import parse_source

    def start() -> Coroutine[None, None, Exit]:
        sources = {"caller": parse_source(caller, "--caller"), "callee": parse_source(callee, "--callee")}
        within("--seconds", seconds, SHORTEST_DEMO, LONGEST)
        return run_demo(Demo(seconds=seconds, sources=sources, out=out, charts=charts, as_json=as_json))

    run(start)


def answer(
    bind: BindHere = "127.0.0.1:5070",
    advertise: Advertise = None,
    play: Play = "silence",
    record: Record = None,
    record_mode: RecordMode = "heard",
    dtmf: Dtmf = None,
    hold: HoldAt = None,
    calls: Calls = None,
    ring: Ring = 0.0,
    status: Status = None,
    drain: Drain = 0.0,
    registrar: Registrar = None,
    expires: Expires = None,
    user: User = None,
    password: Password = None,
    realm: Realm = None,
    proxy: Proxy = None,
    trace: Trace = None,
    as_json: Json = False,
    charts: Charts = None,
) -> None:
    """Answer calls, until --calls of them have ended or until Ctrl-C."""
    from session_fsm.command import answering, setup

    def start() -> Coroutine[None, None, Exit]:
        how = answering.Answering(calls=calls, ring=ring, status=status, drain=drain).checked(LONGEST)
        options = setup.make_options(
            bind=bind,
            advertise=advertise,
            sound=setup.Sound(play, record, record_mode, dtmf, hold),
            trace=trace,
            charts=charts,
            as_json=as_json,
            servers=make_servers(registrar, user, password, proxy, realm=realm, expires=expires),
        )
        return answering.answer(options, how)

    run(start)


def call(
    uri: Annotated[str, typer.Argument(metavar="URI", help="Whom to call, such as sip:bob@127.0.0.1:5070.")],
    bind: Bind = None,
    advertise: Advertise = None,
    play: Play = "silence",
    record: Record = None,
    record_mode: RecordMode = "heard",
    dtmf: Dtmf = None,
    hold: HoldAt = None,
    seconds: Annotated[float, typer.Option(help="Hang up so long after the answer.")] = 5.0,
    registrar: Registrar = None,
    expires: Expires = None,
    user: User = None,
    password: Password = None,
    realm: Realm = None,
    proxy: Proxy = None,
    trace: Trace = None,
    as_json: Json = False,
    charts: Charts = None,
) -> None:
    """Call somebody, and hang up --seconds after the answer."""
    from session_fsm.command import calling, setup

    def start() -> Coroutine[None, None, Exit]:
        target = calling.checked_target(uri)
        within("--seconds", seconds, 0, LONGEST)
        servers = make_servers(registrar, user, password, proxy, realm=realm, expires=expires)
        options = setup.make_options(
            bind=bind or calling.default_bind(servers.first or target),
            advertise=advertise,
            sound=setup.Sound(play, record, record_mode, dtmf, hold),
            trace=trace,
            charts=charts,
            as_json=as_json,
            servers=servers,
        )
        if options.hold is not None and options.hold.at >= seconds:
            raise CommandError(
                f"--hold: {options.hold.at:g} s after the answer the call is over; --seconds says how long it lasts, "
                f"{seconds:g} s now"
            )
        return calling.place(uri, seconds, options)

    run(start)


def register(
    registrar: Registrar = None,
    expires: Expires = None,
    user: User = None,
    password: Password = None,
    realm: Realm = None,
    proxy: Proxy = None,
    seconds: Annotated[float, typer.Option(help="Stay registered for so long.")] = 0.0,
    bind: Bind = None,
    advertise: Advertise = None,
    trace: Trace = None,
    as_json: Json = False,
    charts: Charts = None,
) -> None:
    """Register, show the binding, and leave again."""
    from session_fsm.command import calling, setup
    from session_fsm.command.registering import register as run_register

    def start() -> Coroutine[None, None, Exit]:
        within("--seconds", seconds, 0, LONGEST)
        servers = make_servers(registrar, user, password, proxy, realm=realm, expires=expires)
        if servers.registrar is None or servers.first is None:
            raise CommandError("--registrar: where? write HOST:PORT such as 192.0.2.1:5060")
        options = setup.make_options(
            bind=bind or calling.default_bind(servers.first),
            advertise=advertise,
            trace=trace,
            charts=charts,
            as_json=as_json,
            servers=servers,
        )
        return run_register(options, seconds)

    run(start)
