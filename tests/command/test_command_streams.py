"""Standard streams that are closed, full or deaf: one sentence on stderr and 3, and never a traceback."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

import pytest
from command_line import COMMAND


def shell(command: str, *, folder: Path) -> subprocess.CompletedProcess[str]:
    """A command of ours with the shell's redirections."""
    line = f"{shlex.join(COMMAND)} {command}"
    return subprocess.run(["sh", "-c", line], cwd=folder, capture_output=True, text=True, timeout=100)


@pytest.mark.slow
@pytest.mark.parametrize(
    "command", ["charts >&-", "charts --json >&-", "draw media >&-", "draw media --format png >&-", "check >&-"]
)
def test_a_closed_standard_output_is_one_sentence(tmp_path: Path, command: str):
    """What was asked for could not be told, so it has failed."""
    done = shell(command, folder=tmp_path)

    assert (3, "session-fsm: cannot write: standard output is closed\n") == (done.returncode, done.stderr)


def test_a_standard_output_that_is_open_for_reading_only_is_one_sentence(tmp_path: Path):
    """As after `exec 1<FILE`."""
    done = shell("charts 1</dev/null", folder=tmp_path)

    assert (3, "session-fsm: cannot write: standard output is closed\n") == (done.returncode, done.stderr)


def test_what_goes_to_a_file_needs_no_standard_output(tmp_path: Path):
    """Nor a standard error; and the drawing is not written into a stream of ours."""
    done = shell("draw media -o media.svg >&- 2>&-", folder=tmp_path)

    assert (0, True) == (done.returncode, (tmp_path / "media.svg").read_text().startswith("<svg"))


def test_all_streams_closed_still_ends_with_its_code(tmp_path: Path):
    """Nobody hears anything."""
    assert 2 == shell("replay nothing <&- >&- 2>&-", folder=tmp_path).returncode


def test_a_reader_that_leaves_is_no_traceback(tmp_path: Path):
    """As with `| head -0`; the shell tells the reader's code."""
    done = shell("draw both --format table | true", folder=tmp_path)

    assert (0, "") == (done.returncode, done.stderr)
