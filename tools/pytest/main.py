"""Runs pytest on its arguments, with Bazel's reports and filters."""

import os
import sys
import tempfile

import pytest


def main() -> int:
    wanted = os.environ.get("TESTBRIDGE_TEST_ONLY")
    # Not Bazel's own folder, whose path is longer than a Unix socket's may be.
    with tempfile.TemporaryDirectory(prefix="standoff-", dir="/tmp") as folder:
        options = [
            "-p", "no:cacheprovider",
            # Why tests were left out: tools/test_results.py repeats it.
            "-rs",
            "--basetemp", os.path.join(folder, "pytest"),
            "--junitxml", os.environ["XML_OUTPUT_FILE"],
            # In the runfiles nothing else says it.
            "--rootdir", os.path.dirname(os.path.abspath(sys.argv[1])),
            *(["-k", wanted] if wanted else []),
        ]
        return int(pytest.main(options + sys.argv[1:]))


if __name__ == "__main__":
    sys.exit(main())
