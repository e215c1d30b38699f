"""Runs a very short measurement; what it measures here says nothing."""

from __future__ import annotations

import json
import subprocess
import sys


def test_tells_rates_and_ratios() -> None:
    done = subprocess.run(
        [sys.executable, "bench/python.py", "--turns=1", "--seconds=0.05",
         "--json"],
        check=False, stdout=subprocess.PIPE, text=True)
    # 1: a target was missed, as may be in so short a time.
    assert done.returncode in (0, 1)
    result = json.loads(done.stdout)
    assert set(result["ratios"]) == {"rpyc", "echo"}
    assert set(result["pairs_per_second"]) == {"standoff", "rpyc", "echo"}
    assert all(rate > 0 for rate in result["pairs_per_second"].values())
