"""`session-fsm` and `python -m session_fsm`. Says how to install the command line when only the library is there."""

from __future__ import annotations

import sys

NEEDED = frozenset({"typer", "rich"})
"What the extra `cli` brings."


def main() -> None:
    """Run the command line."""
    try:
        from session_fsm.command.app import app
    except ModuleNotFoundError as error:
        if error.name not in NEEDED:
            raise
        sys.stderr.write("session-fsm: the command line needs its extra: pip install 'session-fsm[cli]'\n")
        sys.exit(2)
    app(prog_name="session-fsm")


if __name__ == "__main__":
    main()
