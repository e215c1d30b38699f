"""C++ rules for this project's own code: the native ones with its warnings.

Generated code is built by cc_proto_library and cc_grpc_library, without these
warnings.
"""

load("//tools/bazel:pch.bzl", "precompiled")

STANDOFF_COPTS = [
    "-Wall",
    "-Wextra",
    "-Wpedantic",
    "-Wshadow",
    "-Wconversion",
    "-Wsign-conversion",
    "-Wnon-virtual-dtor",
    "-Wold-style-cast",
    "-Werror",
]

# For a program that uses gRPC and has to start fast: first the libraries in
# which most symbols are found. For each symbol the dynamic linker asks one
# library after the other; with Abseil's fifty before these, the daemon takes a
# third longer to start.
FAST_START_LINKOPTS = [
    "-lgrpc",
    "-lcrypto",
    "-lprotobuf",
    "-lstdc++",
    "-lgrpc++",
    "-lc",
]

# Needed by programs only: it defines a function that the sanitizer's runtime
# calls.
_PROGRAM_DEPS = select({
    "//tools/sanitizers:tsan": ["//tools/sanitizers:tsan_runtime"],
    "//conditions:default": [],
})

def _header(suffix = ""):
    """The precompiled header for sources of the package."""
    in_lib = native.package_name().split("/")[0] == "lib"
    return "//tools/pch:" + ("lib" if in_lib else "grpc") + suffix

def standoff_cc_library(name, copts = [], deps = [], **kwargs):
    """cc_library with the project's warnings."""
    native.cc_library(
        name = name,
        copts = STANDOFF_COPTS + precompiled(_header()) + copts,
        deps = deps + [_header()],
        **kwargs
    )

def standoff_cc_binary(name, copts = [], deps = [], **kwargs):
    """cc_binary with the project's warnings."""
    native.cc_binary(
        name = name,
        copts = STANDOFF_COPTS + copts,
        deps = deps + _PROGRAM_DEPS,
        **kwargs
    )

def standoff_cc_test(name, copts = [], deps = [], **kwargs):
    """cc_test with the project's warnings and GoogleTest's main()."""
    header = _header("_test")
    native.cc_test(
        name = name,
        copts = STANDOFF_COPTS + precompiled(header) + copts,
        deps = deps +
               [header, "@com_google_googletest//:gtest_main"] +
               _PROGRAM_DEPS,
        **kwargs
    )
