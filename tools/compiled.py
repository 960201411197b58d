"""Compiles what runs at every message with mypyc: an optional form of the package, equal to the other but for its pace.

`python -m tools.compiled` makes a copy of the checkout in build/compiled, whose hot modules are compiled; the checkout
itself stays as it is, since a compiled module would hide its source. `SESSION_FSM_COMPILE=1 pip install .` does the
same for a wheel. Without a C compiler one sentence says so, and the package is the pure one.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import tomllib
from pathlib import Path

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).resolve().parents[1]
PLACE = ROOT / "build" / "compiled"
MODULES_MADE = ROOT / "build" / "compiled-modules"
STAMP = "sources"
SWITCH = "SESSION_FSM_COMPILE"
NEEDS = ["mypy>=1.18", "setuptools>=65"]

# What runs at every message. Events, orders and settings stay as they are: they are values, made and copied by users.
HOT = {
    "machine": "binding machine mailbox step timers trace",
    "sip": "cseq fields grammar message methods name_addr names reasons response typed uri usual via wire",
    "sdp": "codec description direction negotiate numbers remote terms wording",
    "session": (
        "admission answer arrivals authentication call consent descriptions dialog emission endpoint hold identity "
        "matching media messages negotiation news offer_answer publishing quality received registration "
        "routing seen_once session source transaction transaction_user transmit turns waiting_room"
    ),
    "rtp": "delay interval jitter_buffer packet playout reception rtcp stream telephone_event",
    "runtime": (
        "addresses alarm coding driver figures hearing homes media_plane media_stream noticed poller ports reports "
        "sources telephone_events ticker transport"
    ),
}
MODULES = [f"session_fsm/{room}/{name}.py" for room, names in HOT.items() for name in names.split()]


def main() -> int:
    """Make or renew build/compiled; nothing is compiled again that did not change."""
    why_not = impossible()
    if why_not is not None:
        print(why_not, file=sys.stderr)
    elif _stamp(MODULES_MADE) != fingerprint():
        shutil.rmtree(MODULES_MADE, ignore_errors=True)
        write(built(ROOT), MODULES_MADE)
        (MODULES_MADE / STAMP).write_text(fingerprint())
    shutil.rmtree(PLACE, ignore_errors=True)
    copy_checkout(PLACE)
    if why_not is None:
        shutil.copytree(MODULES_MADE, PLACE, dirs_exist_ok=True)
    return 0


def ready() -> bool:
    """Whether build/compiled is there, compiled, and of this checkout."""
    return _stamp(PLACE) == fingerprint()


def _stamp(place: Path) -> str | None:
    kept = place / STAMP
    return kept.read_text() if kept.is_file() else None


def impossible() -> str | None:
    """Why nothing can be compiled here, in one sentence, or None."""
    compiler = (os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc").split()[0]
    if shutil.which(compiler) is None:
        return f"there is no C compiler ({compiler}), so the package stays pure Python: it does the same, slower"
    if not (Path(sysconfig.get_path("include")) / "Python.h").is_file():
        return "Python's headers are missing (Python.h), so the package stays pure Python: it does the same, slower"
    return None


def fingerprint() -> str:
    """Differs when anything differs that the compiled modules are made of, or how they are made."""
    found = hashlib.sha256(sys.version.encode())
    for path in [Path(__file__), *sorted((ROOT / "session_fsm").rglob("*.py"))]:
        found.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return found.hexdigest()


def included(root: Path) -> list[Path]:
    """What a source distribution has: enough to run the tests and the bench."""
    with (root / "pyproject.toml").open("rb") as file:
        names = tomllib.load(file)["tool"]["hatch"]["build"]["targets"]["sdist"]["include"]
    return [root / name for name in [*names, "pyproject.toml"] if (root / name).exists()]


def copy_checkout(place: Path) -> None:
    """Everything that tests and bench need, in another place."""
    place.mkdir(parents=True)
    for path in included(ROOT):
        if path.is_dir():
            shutil.copytree(path, place / path.name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(path, place / path.name)


def built(root: Path) -> dict[str, bytes]:
    """The compiled modules of the package there, by their paths beside it or within it."""
    with tempfile.TemporaryDirectory(prefix="compiled-") as folder:
        place = Path(folder)
        shutil.copytree(root / "session_fsm", place / "session_fsm", ignore=shutil.ignore_patterns("__pycache__"))
        done = subprocess.run(
            [sys.executable, __file__, "--here"], cwd=place, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"mypyc failed:\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}")
        made = [path for path in place.rglob(f"*{sysconfig.get_config_var('EXT_SUFFIX')}") if "build" not in path.parts]
        return {str(path.relative_to(place)): path.read_bytes() for path in made}


def write(made: dict[str, bytes], place: Path) -> None:
    """The compiled modules as files."""
    for name, octets in made.items():
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(octets)


def compile_here() -> None:
    """In the current folder, in a process of its own: setuptools and mypyc keep what they find in globals."""
    from mypyc.build import mypycify
    from setuptools import setup

    sources = sorted(str(path) for path in Path("session_fsm").rglob("*.py"))
    options = [
        "--strict",
        "--disable-error-code=has-type",
        "--ignore-missing-imports",
        "--no-warn-unused-ignores",
        "--config-file=",
        *sources,
    ]
    modules = mypycify(options, only_compile_paths=MODULES, opt_level="2", debug_level="0", group_name="session_fsm")
    setup(name="session_fsm", packages=[], ext_modules=modules, script_args=["build_ext", "--inplace"])


class CompileHook(BuildHookInterface):  # type: ignore[type-arg]
    """Puts compiled modules into a wheel when SESSION_FSM_COMPILE says so; never into an editable install."""

    def dependencies(self) -> list[str]:
        return NEEDS if self._wanted() else []

    def initialize(self, version: str, build_data: dict[str, object]) -> None:
        if not self._wanted() or version == "editable":
            return
        why_not = impossible()
        if why_not is not None:
            self.app.display_warning(why_not)
            return
        place = Path(self.directory) / "compiled-modules"
        force_include = build_data.setdefault("force_include", {})
        assert isinstance(force_include, dict)
        made = built(Path(self.root))
        write(made, place)
        force_include.update({str(place / name): name for name in made})
        build_data["pure_python"], build_data["infer_tag"] = False, True

    def _wanted(self) -> bool:
        return os.environ.get(SWITCH, "0") not in ("", "0")


if __name__ == "__main__":
    if sys.argv[1:] == ["--here"]:
        compile_here()
    else:
        sys.exit(main())
