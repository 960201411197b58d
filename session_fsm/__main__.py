"""`session-fsm` and `python -m session_fsm`. Says how to install the command line when only the library is there."""

from __future__ import annotations

import errno
import fcntl
import os
import sys

NEEDED = frozenset({"typer", "rich"})
"What the extra `cli` brings."
INTERRUPTED = 130
FAILED = 3
"As in `command.exits`, which is there only with the extra."


def main() -> None:
    """Run the command line. Ctrl-C ends it without a traceback, also while it is still being loaded."""
    try:
        _main()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


def _main() -> None:
    _open_standard_streams()
    try:
        from session_fsm.command.app import app
    except ModuleNotFoundError as error:
        if error.name not in NEEDED:
            raise
        sys.stderr.write("session-fsm: the command line needs its extra: pip install 'session-fsm[cli]'\n")
        sys.exit(2)
    try:
        app(prog_name="session-fsm")
    except* OSError as group:
        if not _nobody_listens(group):
            raise
    else:
        return
    # Not in the block above: before Python 3.11.4 what is raised there comes out in a group (gh-103590).
    sys.stderr.write("session-fsm: cannot write: standard output is closed\n")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    sys.exit(FAILED)


def _open_standard_streams() -> None:
    """A stream that is closed, as by `>&-`, keeps its number taken: no socket of ours must get what is printed.

    Standard output is opened so that writing fails: what was asked for and could not be told has failed.
    """
    for number, how in ((0, os.O_RDONLY), (1, os.O_RDONLY), (2, os.O_WRONLY)):
        try:
            os.fstat(number)
        except OSError:
            os.dup2(os.open(os.devnull, how), number)
    if sys.stdout is None:
        sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    if sys.stderr is None:
        sys.stderr = os.fdopen(2, "w", encoding="utf-8", closefd=False)


def _nobody_listens(group: BaseExceptionGroup[OSError]) -> bool:
    """Whether this is a write to a standard output that cannot be written to."""
    found = group.exceptions[0]
    if isinstance(found, BaseExceptionGroup):
        return _nobody_listens(found)
    return found.errno == errno.EBADF and fcntl.fcntl(1, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY


if __name__ == "__main__":
    main()
