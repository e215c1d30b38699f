"""Prints `N passed, N failed` from Bazel's build event files.

Usage: test_results.py FILE...

Each file is what one `bazel test --build_event_json_file=FILE` wrote. A test
that did not come to run, because it or something it needs could not be built,
has failed. Names the failed tests first. The exit status is 1 if there is one.
"""

import json
import pathlib
import sys


def read(path):
    """Yields (label, passed) for each test of one run of Bazel."""
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            event = json.loads(line)
            label = event["id"].get("testSummary", {}).get("label")
            if label is None:
                continue
            # An event of a test that was not run has "aborted" instead.
            status = event.get("testSummary", {}).get("overallStatus")
            yield label, status in ("PASSED", "FLAKY")


def main(paths):
    passed = 0
    failed = 0
    for path in paths:
        for label, ok in read(path):
            if ok:
                passed += 1
            else:
                failed += 1
                print(f"FAILED: {pathlib.Path(path).name}: {label}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
