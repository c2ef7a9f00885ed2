"""The understanding is as good as it was: no figure of the evaluation is worse than its recorded floor."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow


def test_no_figure_is_worse_than_its_floor(trained: Path, tmp_path: Path):
    picture = tmp_path / "reliability.svg"
    command = [str(Path(sys.executable).with_name("local-offer")), "evaluate", "--data", str(trained), "--check"]
    done = subprocess.run([*command, "--picture", str(picture)], capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert "calibration_error" in done.stdout
    assert "<svg" in picture.read_text(encoding="utf-8")
