"""`python -m tools.bench [NAME …]`: measure side by side, print tables with ratios, say whether the marks hold."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping

from tools.bench import codecs, fsm, latency, legs, sip, talk, uas
from tools.bench.measure import Table
from tools.bench.others import Aiosipua, aiosipua
from tools.bench.report import machine, markdown_of, progress, text_of

BENCHES: Mapping[str, tuple[str, Callable[[Aiosipua], Table]]] = {
    "uas": ("CPU a call as callee", uas.run),
    "latency": ("INVITE to 200", latency.run),
    "talk": ("make_call to audio both ways in two processes", talk.run),
    "legs": ("a hundred legs of G.711", legs.run),
    "fsm": ("one event of a chart", fsm.run),
    "sip": ("SIP parsing", sip.run),
    "codecs": ("SDP, RTP and G.711", codecs.run),
}
BESIDE_OTHERS = ("uas", "latency")
"Those that need aiosipua."

MISSED = 3  # exit code: a mark does not hold


def main() -> int:
    options = _options()
    names = options.names or list(BENCHES)
    tables = []
    with progress("looking for aiosipua"):
        finding = aiosipua(install=options.install and any(name in BESIDE_OTHERS for name in names))
        other = finding.__enter__()
    try:
        for name in names:
            with progress(BENCHES[name][0]):
                table = BENCHES[name][1](other)
            tables.append(table)
            if not options.json:
                print(markdown_of(table) if options.markdown else text_of(table) + "\n", flush=True)
    finally:
        finding.__exit__(None, None, None)
    if options.json:
        print(json.dumps({"machine": machine(), "tables": [table.as_dict() for table in tables]}, indent=1))
    else:
        print(machine())
    return 0 if all(mark.holds for table in tables for mark in table.marks) else MISSED


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tools.bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"what to measure: {', '.join(BENCHES)}; all of them")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of tables")
    parser.add_argument("--markdown", action="store_true", help="print tables for a document")
    parser.add_argument("--no-install", dest="install", action="store_false", help="do not try to install aiosipua")
    options = parser.parse_args()
    unknown = [name for name in options.names if name not in BENCHES]
    if unknown:
        parser.error(f"there is no bench {unknown[0]!r}; there are {', '.join(BENCHES)}")
    return options


if __name__ == "__main__":
    sys.exit(main())
