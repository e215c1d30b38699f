"""Fuzz targets: for libFuzzer, and as ordinary tests."""

load("//tools/bazel:cc.bzl", "standoff_cc_binary", "standoff_cc_test")

def fuzz_target(name, deps = [], tags = [], **kwargs):
    """What stands in NAME_fuzz.cc, twice; its seeds are in seeds/NAME.

    NAME_fuzz is for libFuzzer, and can be built with --config=fuzz only:
    tools/fuzz does. NAME_fuzz_test tries the seeds, and mutations of them, in
    any configuration.

    Args:
      name: what is fuzzed.
      deps: what it uses beside what all use.
      tags: tags of the test.
      **kwargs: passed on to both.
    """
    source = name + "_fuzz.cc"
    all_deps = deps + [
        ":quiet_protobuf",
        ":target",
        "@com_google_absl//absl/status",
        "@com_google_absl//absl/status:statusor",
        "@com_google_absl//absl/strings",
    ]
    standoff_cc_binary(
        name = name + "_fuzz",
        testonly = True,
        srcs = [source],
        linkopts = ["-fsanitize=fuzzer"],
        tags = ["manual"],
        deps = all_deps,
        **kwargs
    )
    standoff_cc_test(
        name = name + "_fuzz_test",
        size = "small",
        srcs = [source],
        data = native.glob(["seeds/{}/*".format(name)]),
        # What a target puts before a library's functions must be in the
        # program.
        linkstatic = True,
        tags = tags,
        deps = all_deps + [":seed_runner"],
        **kwargs
    )
