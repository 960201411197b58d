"""What bad input gets: one sentence on stderr, no traceback, and the right exit code."""

from __future__ import annotations

import os
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest
from command_line import answering, calling, run, run_here, uri_of


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With a WAV file of the wrong kind, a text that is none, and a chart with faults."""
    folder = tmp_path_factory.mktemp("bad")
    adpcm = struct.pack("<4sIHHIIHH4sI", b"fmt ", 16, 0x11, 2, 8000, 8000, 1, 4, b"data", 0)
    (folder / "adpcm.wav").write_bytes(b"RIFF\0\0\0\0WAVE" + adpcm)
    (folder / "text.wav").write_text("hello")
    (folder / "no.toml").write_text("id = ")
    (folder / "faulty.toml").write_text('id = "faulty"\ninitial = "A"\n[states.B]\nsource = "x"\n')
    return folder


@pytest.fixture(scope="module")
def taken() -> Iterator[int]:
    """A port that is in use."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as used:
        used.bind(("127.0.0.1", 0))
        yield used.getsockname()[1]


URI = "sip:bob@127.0.0.1:5070"
COMPLAINTS = [
    ("call 127.0.0.1:5070", 2, "URI: '127.0.0.1:5070' is no SIP URI; write it like sip:bob@127.0.0.1:5070"),
    ("call sips:bob@127.0.0.1", 2, "URI: sips:bob@127.0.0.1 cannot be called: only sip: over UDP is built"),
    ("call sip:b@h;transport=tcp", 2, "URI: sip:b@h;transport=tcp cannot be called: only sip: over UDP is built"),
    ("call sip:bob@", 2, "URI: 'sip:bob@' is no SIP URI"),
    (f"call {URI} --bind nowhere", 2, "--bind: nowhere: 'nowhere' is no IP address; write HOST:PORT"),
    (f"call {URI} --advertise nowhere", 2, "--advertise: nowhere: 'nowhere' is no IP address; write ADDRESS or"),
    (f"call {URI} --advertise 0.0.0.0", 2, "--advertise: 0.0.0.0 stands for any address; write the address that peers"),
    ("call sip:bob@224.0.0.1", 2, "URI: sip:bob@224.0.0.1 cannot be called: 224.0.0.1 is a multicast address"),
    ("call sip:b@h?Subject=x", 2, "URI: sip:b@h?Subject=x cannot be called: it names headers or a method; write sip"),
    (f"call {URI} --bind 127.0.0.1:99999", 2, "--bind: 127.0.0.1:99999: the port must be a number from 0 to 65535"),
    (f"call {URI} --play adpcm.wav", 2, "--play: adpcm.wav is 8 kHz stereo 4 bit ADPCM; PCM of 8, 16, 24"),
    (f"call {URI} --play text.wav", 2, "--play: text.wav is no WAV file"),
    (f"call {URI} --play tone:x", 2, "--play: 'x' is no frequency; use tone:HZ"),
    (f"call {URI} --record no/where.wav", 2, "--record: cannot write no/where.wav: No such file or directory"),
    (f"call {URI} --record x.wav --record-mode both", 2, "--record-mode: 'both' is no mode; possible: heard, mixed"),
    (
        f"call {URI} --dtmf 12x",
        2,
        "--dtmf: digits is '12x', and 'x' is no digit; it can hold 0 to 9",
    ),
    (f"call {URI} --record-mode stereo", 2, "--record-mode: nothing is recorded without --record FILE.wav"),
    (f"call {URI} --trace no/where.jsonl", 2, "--trace: cannot write no/where.jsonl: No such file or directory"),
    (f"call {URI} --record x.wav --trace ./x.wav", 2, "--trace: x.wav is what --record writes; name another file"),
    ("call sip:bob@127.0.0.1:9", 3, "sip:bob@127.0.0.1:9 did not answer: 503 port unreachable"),
    ("call sip:bob@host.invalid", 3, "sip:bob@host.invalid did not answer: 503 the host host.invalid is unknown"),
    ("answer --bind 127.0.0.1:{taken}", 3, "cannot listen on 127.0.0.1:{taken}: the port is in use"),
    ("answer --bind 192.0.2.1:5070", 3, "cannot listen on 192.0.2.1:5070: the address is not one of this machine's"),
    (f"call {URI} --seconds -1", 2, "--seconds: -1 is not possible; possible: 0 to 604800"),
    (f"call {URI} --seconds nan", 2, "--seconds: nan is not possible"),
    ("answer --status 200", 2, "--status: 200 is not possible; possible: 400 to 699"),
    ("answer --calls 0", 2, "--calls: 0 is not possible; possible: 1 or more"),
    ("answer --ring inf", 2, "--ring: inf is not possible"),
    ("answer --charts no.toml", 2, "--charts: no.toml is no folder"),
    ("answer --charts .", 2, "--charts: "),
    ("demo --caller tone:x", 2, "--caller: 'x' is no frequency"),
    ("demo --callee adpcm.wav", 2, "--callee: adpcm.wav is 8 kHz stereo"),
    ("demo --out text.wav", 2, "--out: cannot write into text.wav: File exists"),
    ("draw nothing", 2, "nothing: no chart has this name; known are: answer, authentication"),
    ("draw no.toml", 2, "no.toml: this is not TOML"),
    ("draw faulty.toml", 3, "faulty.toml: "),
    ("explore --out text.wav/in", 2, "--out: cannot write text.wav/in: Not a directory"),
    ("explore --write-test no/where.py", 2, "--write-test: cannot write no/where.py: No such file or directory"),
    ("explore --write-test .", 2, "--write-test: cannot write .: Is a directory"),
    ("fuzz --out text.wav", 2, "--out: cannot write text.wav: Not a directory"),
    ("draw media -o no/where.mmd", 2, "-o: cannot write no/where.mmd: No such file or directory"),
]


@pytest.mark.parametrize(("arguments", "code", "sentence"), COMPLAINTS, ids=[case[0] for case in COMPLAINTS])
def test_bad_input_is_one_sentence(folder: Path, taken: int, arguments: str, code: int, sentence: str):
    """The last line on stderr says it; nothing on it is a traceback."""
    done = run_here(*arguments.format(taken=taken).split(), folder=folder)

    told = [line for line in done.stderr.splitlines() if line.startswith("session-fsm: ")]
    assert (code, 1) == (done.returncode, len(told)), done.stderr
    assert told[0].startswith("session-fsm: " + sentence.format(taken=taken))
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ("cal", "No such command 'cal'; possible: demo, answer, call, "),
        ("call", "Missing argument 'URI'"),
        (f"call {URI} --sekonds 3", "No such option: --sekonds"),
        (f"call {URI} --seconds soon", "Invalid value for '--seconds'"),
        ("draw media --format gif", "'gif' is not one of 'svg', 'png', 'mermaid', 'plantuml', 'dot'"),
    ],
)
def test_wrong_usage_names_the_option_and_what_is_possible(arguments: str, told: str):
    """Exit code 2, and how to be helped."""
    done = run_here(*arguments.split())

    assert (2, True) == (done.returncode, told in done.stderr), done.stderr
    assert "Usage: session-fsm" in done.stderr


def test_no_command_at_all_lists_them():
    """And it is wrong usage."""
    done = run_here()

    assert (2, True) == (done.returncode, "Usage: session-fsm" in done.stdout + done.stderr)
    assert {"demo", "answer", "call", "charts", "check", "draw"} <= set((done.stdout + done.stderr).split())


def test_the_version_is_one_word():
    """That of the package that is installed."""
    done = run_here("--version")

    assert (0, f"{version('session-fsm')}\n") == (done.returncode, done.stdout)


def test_a_process_ends_with_the_code_and_nothing_but_the_sentence():
    """What the tests above saw from within is what a shell sees."""
    done = run("call", "127.0.0.1:5070")

    told = "session-fsm: URI: '127.0.0.1:5070' is no SIP URI; write it like sip:bob@127.0.0.1:5070\n"
    assert (2, "", told) == (done.returncode, done.stdout, done.stderr)


def test_without_the_extra_it_says_how_to_install_it():
    """The library alone has neither typer nor rich."""
    code = "import sys; sys.modules['typer'] = None; from session_fsm.__main__ import main; main()"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    told = "session-fsm: the command line needs its extra: pip install 'session-fsm[cli]'\n"
    assert (2, told) == (done.returncode, done.stderr)


@pytest.mark.slow
def test_a_reader_that_goes_away_ends_the_call(tmp_path: Path):
    """As with `| head -1`: it hangs up, and nobody sees a traceback."""
    with answering(tmp_path) as callee:
        read, write = os.pipe()
        with (tmp_path / "log").open("w+") as log:
            caller = subprocess.Popen(
                [sys.executable, "-m", "session_fsm", "call", uri_of(callee), "--json"], stdout=write, stderr=log
            )
            os.close(write)
            callee.until("AudioChannelsReady")
            os.close(read)
            code = caller.wait()
            log.seek(0)
            told = log.read()
        callee.finish()

    assert (3, False) == (code, "Traceback" in told)
    assert "the peer hung up" == callee.summary["reason"]


@pytest.mark.slow
def test_a_peer_that_vanishes_is_told_of(tmp_path: Path):
    """The BYE to a port where nobody listens any more ends the call at once."""
    with answering(tmp_path) as callee, calling(tmp_path, uri_of(callee), "--seconds", "60") as caller:
        caller.until("AudioChannelsReady")
        callee.kill()
        caller.interrupt()

        assert 0 == caller.finish()
    assert caller.summary["reason"]


@pytest.mark.slow
@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no device that is always full")
def test_a_full_disk_ends_the_trace_and_not_the_call(folder):
    """The call is placed and its outcome told; what could not be written is said in one sentence."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
    done = run("call", f"sip:bob@127.0.0.1:{port}", "--trace", "/dev/full", folder=folder)

    assert (3, False, True) == (done.returncode, "Traceback" in done.stderr, "port unreachable" in done.stdout)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no device that is always full")
@pytest.mark.parametrize("arguments", [["charts"], ["charts", "--json"]])
def test_an_output_that_is_full_is_one_sentence(arguments):
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "session_fsm", *arguments],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=30,
        )

    assert (3, "session-fsm: cannot write: No space left on device\n") == (done.returncode, done.stderr)
