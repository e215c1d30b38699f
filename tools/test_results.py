"""Prints `N passed, N failed` from Bazel's build event files.

Usage: test_results.py FILE...

Each file is what one `bazel test --build_event_json_file=FILE` wrote. A test
that did not come to run, because it or something it needs could not be built,
has failed. Names first those that failed, and those that passed only in a second
attempt (FLAKY: each has a bug, in itself or in what it tests). The exit status
is 1 if one failed.
"""

import json
import pathlib
import sys


def read(path):
    """Returns label -> status of each test of one run of Bazel.

    "PASSED", "FLAKY", or anything else for one that failed.
    """
    tests = set()
    results = {}
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            event = json.loads(line)
            kind, key = next(iter(event["id"].items()))
            if kind == "targetConfigured":
                rule = event.get("configured", {}).get("targetKind", "")
                if rule.endswith("_test rule"):
                    tests.add(key["label"])
            elif kind == "targetCompleted":
                if key["label"] in tests and not event.get(
                    "completed", {}
                ).get("success"):
                    results.setdefault(key["label"], "NOT RUN")
            elif kind == "testSummary":
                results[key["label"]] = event.get("testSummary", {}).get(
                    "overallStatus"
                )
    return results


def main(paths):
    passed = 0
    failed = 0
    for path in paths:
        for label, status in sorted(read(path).items()):
            where = f"{pathlib.Path(path).name}: {label}"
            if status in ("PASSED", "FLAKY"):
                passed += 1
                if status == "FLAKY":
                    print(f"FLAKY: {where}")
            else:
                failed += 1
                print(f"FAILED: {where}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
