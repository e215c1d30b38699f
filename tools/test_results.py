"""Prints `N passed, N failed` from Bazel's build event files.

Usage: test_results.py FILE...

Each file is what one `bazel test --build_event_json_file=FILE` wrote. A test
that did not come to run, because it or something it needs could not be built,
has failed. Names first those that failed, those that passed only in a second
attempt (FLAKY: each has a bug, in itself or in what it tests), and what tests
left out because this machine lacks something for it (SKIPPED). The exit status
is 1 if one failed.
"""

import json
import pathlib
import re
import sys
import urllib.parse

# How GoogleTest and pytest say why they skip.
_SKIPS = (
    re.compile(r"^\S+: Skipped\n(?P<why>.*)$", re.MULTILINE),
    re.compile(r"^SKIPPED \[\d+\] \S+ (?P<why>.*)$", re.MULTILINE),
)


def read(path):
    """Returns of one run of Bazel label -> status of each test, and skips.

    A status is "PASSED", "FLAKY", or anything else for a test that failed. A
    skip is a label and why a part of that test was left out.
    """
    tests = set()
    results = {}
    skips = set()
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
            elif kind == "testResult":
                for output in event["testResult"].get("testActionOutput", []):
                    if output["name"] == "test.log":
                        for why in reasons(output["uri"]):
                            skips.add((key["label"], why))
            elif kind == "testSummary":
                results[key["label"]] = event.get("testSummary", {}).get(
                    "overallStatus"
                )
    return results, skips


def reasons(uri):
    """Returns why parts of a test were left out, from its log."""
    path = pathlib.Path(urllib.parse.unquote(urllib.parse.urlparse(uri).path))
    try:
        log = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return set()
    return {
        found["why"].strip() for skip in _SKIPS for found in skip.finditer(log)
    }


def main(paths):
    passed = 0
    failed = 0
    for path in paths:
        configuration = pathlib.Path(path).name
        results, skips = read(path)
        for label, why in sorted(skips):
            print(f"SKIPPED: {configuration}: {label}: {why}")
        for label, status in sorted(results.items()):
            where = f"{configuration}: {label}"
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
