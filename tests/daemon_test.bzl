"""Tests of a real daemon over the wire."""

load("//tools/bazel:cc.bzl", "standoff_cc_test")

# What each of them uses.
_COMMON_DEPS = [
    "//client:call",
    "//client:host",
    "//client:outcome",
    "//client:remote_socket",
    "//proto:standoff_v1_cc_proto",
    "//tests/testing:matchers",
    "//tests/testing:must",
    "//tests/testing:remote_sockets",
    "//tests/testing:test_host",
    "//tests/testing:waiting",
    "@com_google_absl//absl/status",
    "@com_google_absl//absl/status:statusor",
    "@com_google_absl//absl/strings",
    "@com_google_absl//absl/time",
    "@com_google_googletest//:gtest",
]

def daemon_test(name, deps = [], tags = [], **kwargs):
    """A standoff_cc_test in NAME.cc that starts daemons and drives them.

    It looks into the daemon's threads (/proc/PID/task), which Bazel's sandbox
    does not show, so it runs outside.

    Args:
      name: name of the test.
      deps: what it uses beside what all use.
      tags: tags beside `local`.
      **kwargs: passed on to standoff_cc_test.
    """
    standoff_cc_test(
        name = name,
        srcs = [name + ".cc"],
        tags = ["local"] + tags,
        deps = _COMMON_DEPS + deps,
        **kwargs
    )
