"""What a user installs: the wheel has the code, its types and every chart."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

LOAD_EVERY_CHART = """
import session_fsm
from session_fsm.chart import Chart, shipped

print(session_fsm.__file__)
for name in sorted(shipped()):
    print(name, Chart.load(name).file)
"""

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    options = ["--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder)]
    command = [sys.executable, "-m", "pip", "wheel", *options, str(ROOT)]
    subprocess.run(command, check=True, capture_output=True, text=True)
    return next(folder.glob("*.whl"))


def test_the_wheel_carries_types_and_charts(wheel: Path) -> None:
    """PEP 561's marker and every chart of the checkout are inside the package."""
    names = set(zipfile.ZipFile(wheel).namelist())
    charts = {f"session_fsm/{path.relative_to(ROOT)}" for path in (ROOT / "statecharts").rglob("*.toml")}

    assert set() == ({"session_fsm/py.typed"} | charts) - names


def test_the_wheel_carries_nothing_else(wheel: Path) -> None:
    """Tests, tools and docs stay at home."""
    roots = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}

    assert {"session_fsm"} == {root for root in roots if not root.endswith(".dist-info")}


def test_an_installed_wheel_loads_every_chart(wheel: Path, tmp_path: Path) -> None:
    """Installed elsewhere, the package reads its charts from inside itself."""
    target = tmp_path / "site"
    command = ["-m", "pip", "install", "--quiet", "--no-deps", "--target", str(target), str(wheel)]
    subprocess.run([sys.executable, *command], check=True, capture_output=True, text=True)
    # -I: neither the current folder nor PYTHONPATH counts; the target goes before the checkout's editable install.
    script = f"import sys; sys.path.insert(0, {str(target)!r})\n{LOAD_EVERY_CHART}"
    run = subprocess.run([sys.executable, "-I", "-c", script], check=True, capture_output=True, text=True, cwd=tmp_path)
    first, *charts = run.stdout.splitlines()

    assert first.startswith(str(target))
    assert len(list((ROOT / "statecharts").rglob("*.toml"))) == len(charts)
