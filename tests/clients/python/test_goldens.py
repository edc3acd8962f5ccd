"""The foreign side of every golden translation fits the vendors' own types."""

import pathlib
import subprocess
import sys

SCRIPT = pathlib.Path(__file__).resolve().parents[3] / "crates/wire/golden/validate.py"


def test_the_goldens_fit_the_vendors_types():
    checked = subprocess.run([sys.executable, str(SCRIPT)], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr
