"""What happens where a program is missing."""

from __future__ import annotations

import pytest
from programs import require

NOBODY_HAS_IT = "no-such-program"


def test_a_missing_program_skips_on_a_users_machine(monkeypatch: pytest.MonkeyPatch):
    """With a sentence that says how to get it."""
    monkeypatch.delenv("CI", raising=False)

    with pytest.raises(pytest.skip.Exception, match="apt-get install some-package"):
        require(NOBODY_HAS_IT, "some-package")


def test_a_missing_program_fails_where_ci_is_true(monkeypatch: pytest.MonkeyPatch):
    """What was not tested must not look green."""
    monkeypatch.setenv("CI", "true")

    with pytest.raises(pytest.fail.Exception, match="apt-get install some-package"):
        require(NOBODY_HAS_IT, "some-package")
