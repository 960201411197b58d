"""What is compiled on request, and what happens where nothing can be compiled."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools import compiled

ROOT = Path(__file__).parent.parent


def test_every_module_that_is_compiled_is_there():
    """A module that moved is not forgotten."""
    assert [] == [name for name in compiled.MODULES if not (ROOT / name).is_file()]


def test_without_a_compiler_one_sentence_says_so(monkeypatch: pytest.MonkeyPatch):
    """The package stays pure, and works."""
    monkeypatch.setenv("CC", "no-such-compiler")

    assert (
        "there is no C compiler (no-such-compiler), so the package stays pure Python: it does the same, slower"
        == compiled.impossible()
    )


def test_a_copy_that_was_never_made_is_not_ready(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """The bench measures the compiled form only when it is of this very source."""
    monkeypatch.setattr(compiled, "PLACE", tmp_path / "nowhere")

    assert not compiled.ready()
