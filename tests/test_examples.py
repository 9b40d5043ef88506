"""Every example runs, in its short form."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.extras import KERAS

ROOT = Path(__file__).parents[1]
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
# What keeps Python from importing what the extra "keras" installs: no example needs it.
WITHOUT_KERAS = f"import sys\nsys.modules.update(dict.fromkeys({KERAS}))\n"
CHATTER = ("Traceback", "Warning", "oneDNN", "cuda", "retracing", "absl::")


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_example_prints_its_table_and_nothing_else(path, tmp_path):
    """`--quick` ends well, its table has the naive forecast, and no library adds a word."""
    (tmp_path / "sitecustomize.py").write_text(WITHOUT_KERAS)
    environment = os.environ | {
        "MPLBACKEND": "Agg",
        "PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)]),
        # An example that can download has to do without what this machine may have kept.
        "SKRNN_DATA": str(tmp_path / "data"),
    }

    done = subprocess.run(
        [sys.executable, str(path), "--quick"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
    )

    assert done.returncode == 0, done.stderr
    assert "naive" in done.stdout.lower()
    assert [word for word in CHATTER if word in done.stdout + done.stderr] == [], done.stderr
