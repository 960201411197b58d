"""`register`, and `--registrar`, `--user`, `--password`, `--proxy` of `call` and `answer`, as processes."""

from __future__ import annotations

import asyncio
import json
import subprocess
from pathlib import Path

import pytest
from command_line import Program, answering, names, run, run_here, uri_of
from udp_registrar import udp_registrar

Done = subprocess.CompletedProcess[str]


async def ran(*arguments: object) -> Done:
    """The command, run beside this loop's registrar."""
    return await asyncio.to_thread(run, *arguments)


async def test_it_registers_shows_the_binding_and_leaves():
    """Exit code 0, and every event as JSON."""
    async with udp_registrar("secret") as registrar:
        done = await ran(
            *("register", "--registrar", f"127.0.0.1:{registrar.address[1]}"),
            *("--user", "alice", "--password", "secret", "--json"),
        )

    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert (0, ["Listening", "Registered", "Unregistered"]) == (done.returncode, names(lines))
    told = lines[1]
    assert ([told["contact"]], 600) == (told["bindings"], told["expires"])
    assert {} == registrar.bindings


@pytest.mark.slow
async def test_the_environment_names_who_we_are(monkeypatch: pytest.MonkeyPatch):
    """A password on a command line is seen by everybody on that machine."""
    monkeypatch.setenv("SESSION_FSM_USER", "alice")
    monkeypatch.setenv("SESSION_FSM_PASSWORD", "secret")
    async with udp_registrar("secret") as registrar:
        monkeypatch.setenv("SESSION_FSM_REGISTRAR", f"127.0.0.1:{registrar.address[1]}")
        done = await ran("register")

    assert (0, True) == (done.returncode, "Registered" in done.stdout)


@pytest.mark.slow
async def test_wrong_credentials_are_one_sentence():
    """Exit code 3, and the event is told all the same."""
    async with udp_registrar("other") as registrar:
        where = f"127.0.0.1:{registrar.address[1]}"
        done = await ran("register", "--registrar", where, "--user", "alice", "--password", "secret", "--json")

    said = done.stderr.splitlines()[-1]
    expected = f"sip:{where} did not register us: 401 Unauthorized (the credentials were not accepted)"
    assert (3, f"session-fsm: {expected}") == (done.returncode, said)
    assert "RegistrationFailed" in names([json.loads(line) for line in done.stdout.splitlines()])


async def test_a_realm_and_the_time_of_the_binding_can_be_named():
    """A registrar that is called otherwise than by its address gets the password when its realm is said to be ours."""
    async with udp_registrar("secret", realm="elsewhere") as registrar:
        done = await ran(
            *("register", "--registrar", f"127.0.0.1:{registrar.address[1]}", "--expires", "90"),
            *("--user", "alice", "--password", "secret", "--realm", "elsewhere", "--json"),
        )

    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert (0, "Registered", 90) == (done.returncode, names(told)[1], told[1]["expires"])


def test_an_unknown_registrar_is_one_sentence():
    """Its name has no address."""
    done = run("register", "--registrar", "registrar.invalid", "--user", "alice")

    assert 3 == done.returncode
    assert "did not register us: 503 the host registrar.invalid is unknown" in done.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("register", "--registrar: where? write HOST:PORT such as 192.0.2.1:5060"),
        ("register --registrar 127.0.0.1:5090", "--registrar: who is to be registered? --user names them"),
        ("register --registrar a:b --user alice", "--registrar: 'a:b' is no server; write HOST:PORT"),
        ("register --registrar sips:a --user alice", "--registrar: 'sips:a' is no server"),
        ("register --registrar 127.0.0.1:5090 --user a@b", "--user: 'a@b' cannot be the user of an address"),
        ("call sip:bob@127.0.0.1 --password secret", "--password: whose is it?"),
        ("call sip:bob@127.0.0.1 --realm here", "--realm: what is proven there?"),
        ("answer --expires 60", "--expires: where is a binding asked for?"),
        ("register --registrar 127.0.0.1:5090 --user a --expires 0", "--expires: 0 is not possible; possible: 1 to"),
        ("answer --proxy sip:a@b", "--proxy: 'sip:a@b' is no server"),
        ("register --registrar 127.0.0.1:5090 --user alice --seconds -1", "--seconds: -1 is not possible"),
    ],
)
def test_what_is_not_possible_is_one_sentence(arguments, sentence):
    """Exit code 2: wrong usage."""
    done = run_here(*arguments.split())

    assert (2, f"session-fsm: {sentence}") == (done.returncode, done.stderr.splitlines()[-1][: 13 + len(sentence)])


async def test_ctrl_c_ends_the_wait_for_a_registrar(tmp_path: Path):
    """It does not answer, and would be waited for 32 s; leaving it is tried all the same."""
    async with udp_registrar(status=0) as registrar:
        where = f"127.0.0.1:{registrar.address[1]}"
        with Program(tmp_path, "register", "register", "--registrar", where, "--user", "alice") as program:
            await asyncio.to_thread(program.until, "Listening")
            program.interrupt()
            registrar.status = 200
            code = await asyncio.to_thread(program.finish)

    said = program.log.read_text().splitlines()[-1]
    assert (3, "session-fsm: stopped before the registrar had answered") == (code, said)
    assert {} == registrar.bindings


@pytest.mark.slow
async def test_a_call_goes_on_though_nobody_registers_it(tmp_path: Path):
    """The registrar refuses; the callee answers."""
    async with udp_registrar(status=403) as registrar:
        with answering(tmp_path) as callee:
            uri = await asyncio.to_thread(uri_of, callee)
            done = await ran(
                *("call", uri, "--seconds", "0.1", "--json"),
                *("--registrar", f"127.0.0.1:{registrar.address[1]}", "--user", "alice", "--password", "x"),
            )
            assert 0 == await asyncio.to_thread(callee.finish)

    told = names([json.loads(line) for line in done.stdout.splitlines()])
    assert (0, True, True) == (done.returncode, "RegistrationFailed" in told, "CallAnswered" in told)


@pytest.mark.slow
async def test_a_callee_registers_while_it_answers(tmp_path: Path):
    """And leaves the registrar when it ends."""
    async with udp_registrar("secret") as registrar:
        where = f"127.0.0.1:{registrar.address[1]}"
        arguments = ("--registrar", where, "--user", "bob", "--password", "secret")
        with answering(tmp_path, *arguments) as callee:
            told = await asyncio.to_thread(callee.until, "Registered")
            kept = dict(registrar.bindings)
            done = await ran("call", str(told["contact"]), "--seconds", "0.1")
            assert 0 == await asyncio.to_thread(callee.finish)

    assert (0, {told["contact"]: "600"}, {}) == (done.returncode, kept, registrar.bindings)
