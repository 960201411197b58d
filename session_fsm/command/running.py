"""Runs a command to its end: what a person can mend is one sentence on stderr, and a code."""

from __future__ import annotations

import asyncio
import errno
import os
import sys
from collections.abc import Callable, Coroutine
from typing import NoReturn

import typer

from session_fsm.command.exits import CommandError, Exit
from session_fsm.errors import ChartError, TransportError

INTERRUPTED = 130  # as a shell has it for Ctrl-C


def run(start: Callable[[], Exit | Coroutine[None, None, Exit]]) -> NoReturn:
    """Run a command to its end; what a person can mend is one sentence on stderr."""
    try:
        begun = start()
        code: int = begun if isinstance(begun, Exit) else asyncio.run(begun)
        sys.stdout.flush()
    except* (CommandError, TransportError, ChartError) as group:
        code = _complain(_first(group))
    except* asyncio.CancelledError:
        code = INTERRUPTED
    except* BrokenPipeError:
        code = _deaf()
    except* OSError as group:
        error = _first(group)
        if not isinstance(error, OSError) or error.errno != errno.ENOSPC:
            raise
        code = _complain(CommandError(f"cannot write: {error.strerror}", Exit.FAILED))
        _deaf()
    raise typer.Exit(code)


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    first = group.exceptions[0]
    return _first(first) if isinstance(first, BaseExceptionGroup) else first


def _complain(error: BaseException) -> Exit:
    sys.stderr.write(f"session-fsm: {error}\n")
    return error.code if isinstance(error, CommandError) else Exit.FAILED


def _deaf() -> Exit:
    """Nobody reads our output any more, as with `| head`. Python's last flush must not complain about it again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return Exit.FAILED
