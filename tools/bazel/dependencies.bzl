"""Everything the build needs from outside, under its customary name."""

load(":abseil.bzl", "abseil_targets")
load(":debian.bzl", "debian_repository", "npm_repository", "text_repository")

_WELL_KNOWN_TYPES = {
    "any": [],
    "api": ["source_context", "type"],
    "descriptor": [],
    "duration": [],
    "empty": [],
    "field_mask": [],
    "source_context": [],
    "struct": [],
    "timestamp": [],
    "type": ["any", "source_context"],
    "wrappers": [],
}

def _protobuf_build():
    text = ""
    for name, deps in _WELL_KNOWN_TYPES.items():
        text += """
proto_library(
    name = "{name}_proto",
    srcs = ["include/google/protobuf/{name}.proto"],
    strip_import_prefix = "include",
    deps = {deps},
)
""".format(name = name, deps = [":{}_proto".format(dep) for dep in deps])

    # Generated code of the well-known types is part of libprotobuf.
    return text + """
proto_lang_toolchain(
    name = "cc_toolchain",
    blacklisted_protos = {protos},
    command_line = "--cpp_out=$(OUT)",
    runtime = ":protobuf",
)
""".format(protos = [":{}_proto".format(name) for name in _WELL_KNOWN_TYPES])

# Debian's bazel-rules-cc is too new for Debian's Bazel. The rules are native in
# this version of Bazel; only the names are missing.
_RULES_CC_DEFS = """
cc_binary = native.cc_binary
cc_import = native.cc_import
cc_library = native.cc_library
cc_proto_library = native.cc_proto_library
cc_test = native.cc_test
cc_toolchain = native.cc_toolchain
cc_toolchain_suite = native.cc_toolchain_suite
fdo_prefetch_hints = native.fdo_prefetch_hints
fdo_profile = native.fdo_profile
objc_import = native.objc_import
objc_library = native.objc_library
"""

def _bazel_repositories():
    """What Bazel itself loads, and would otherwise download."""
    native.local_repository(
        name = "bazel_skylib",
        path = "/usr/share/bazel/tools/skylib",
    )
    native.local_repository(
        name = "rules_java",
        path = "/usr/share/bazel/rules/java",
    )
    native.local_repository(
        name = "rules_proto",
        path = "/usr/share/bazel/rules/proto",
    )
    text_repository(
        name = "rules_cc",
        files = {
            "BUILD": "",
            "cc/BUILD": "",
            "cc/defs.bzl": _RULES_CC_DEFS,
        },
    )

    # `bazel test` resolves the report generator even without coverage.
    text_repository(
        name = "remote_coverage_tools",
        files = {
            "BUILD": """
filegroup(
    name = "coverage_report_generator",
    srcs = [],
    visibility = ["//visibility:public"],
)
""",
        },
    )

# buildifier: disable=unnamed-macro
def standoff_dependencies():
    """Declares all external repositories."""
    _bazel_repositories()

    debian_repository(
        name = "com_google_absl",
        package = "libabsl-dev",
        targets = abseil_targets(),
    )

    debian_repository(
        name = "com_google_protobuf",
        build = _protobuf_build(),
        folders = {"include/google/protobuf": "/usr/include/google/protobuf"},
        package = "libprotobuf-dev",
        program_package = "protobuf-compiler",
        programs = {":protoc": "/usr/bin/protoc"},
        targets = {
            ":protobuf": ["protobuf"],
            ":protobuf_lite": ["protobuf-lite"],
        },
    )

    debian_repository(
        name = "com_github_grpc_grpc",
        package = "libgrpc++-dev",
        program_package = "protobuf-compiler-grpc",
        programs = {
            ":grpc_cpp_plugin": "/usr/bin/grpc_cpp_plugin",
            ":grpc_python_plugin": "/usr/bin/grpc_python_plugin",
        },
        targets = {
            ":grpc++": ["grpc++", "protobuf"],
        },
    )

    # As upstream does, each brings GoogleMock along.
    debian_repository(
        name = "com_google_googletest",
        package = "libgmock-dev",
        targets = {
            ":gtest": ["gmock"],
            ":gtest_main": ["gmock_main"],
        },
    )

    debian_repository(
        name = "com_github_gabime_spdlog",
        package = "libspdlog-dev",
        targets = {":spdlog": ["spdlog"]},
    )

    debian_repository(
        name = "com_github_fmtlib_fmt",
        package = "libfmt-dev",
        targets = {":fmt": ["fmt"]},
    )

    debian_repository(
        name = "com_github_cliutils_cli11",
        package = "libcli11-dev",
        targets = {":cli11": ["CLI11"]},
    )

    debian_repository(
        name = "nlohmann_json",
        package = "nlohmann-json3-dev",
        targets = {":json": ["nlohmann_json"]},
    )

    debian_repository(
        name = "com_github_jbeder_yaml_cpp",
        package = "libyaml-cpp-dev",
        targets = {":yaml-cpp": ["yaml-cpp"]},
    )

    debian_repository(
        name = "libmnl",
        package = "libmnl-dev",
        targets = {":mnl": ["libmnl"]},
    )

    debian_repository(
        name = "openssl",
        package = "libssl-dev",
        targets = {":ssl": ["openssl"]},
    )

    npm_repository(name = "npm")
