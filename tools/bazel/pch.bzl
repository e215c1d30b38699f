"""Precompiled headers, which about halve the time that sources compile."""

load("@bazel_tools//tools/build_defs/cc:action_names.bzl", "CPP_COMPILE_ACTION_NAME")
load("@bazel_tools//tools/cpp:toolchain_utils.bzl", "find_cpp_toolchain")

def _cc_precompiled_header_impl(ctx):
    toolchain = find_cpp_toolchain(ctx)
    features = cc_common.configure_features(
        ctx = ctx,
        cc_toolchain = toolchain,
        requested_features = ctx.features,
        unsupported_features = ctx.disabled_features,
    )
    context = cc_common.merge_cc_infos(
        cc_infos = [dep[CcInfo] for dep in ctx.attr.deps],
    ).compilation_context
    compiler = cc_common.get_tool_for_action(
        feature_configuration = features,
        action_name = CPP_COMPILE_ACTION_NAME,
    )
    compiled = ctx.actions.declare_file(ctx.label.name + ".h.gch")
    variables = cc_common.create_compile_variables(
        feature_configuration = features,
        cc_toolchain = toolchain,
        user_compile_flags = ctx.fragments.cpp.copts +
                             ctx.fragments.cpp.cxxopts + ctx.attr.copts,
        source_file = ctx.file.hdr.path,
        output_file = compiled.path,
        use_pic = True,
        include_directories = context.includes,
        quote_include_directories = depset(
            ["."],
            transitive = [context.quote_includes],
        ),
        system_include_directories = context.system_includes,
        preprocessor_defines = context.defines,
    )
    args = ctx.actions.args()
    args.add_all(["-x", "c++-header"])
    args.add_all(cc_common.get_memory_inefficient_command_line(
        feature_configuration = features,
        action_name = CPP_COMPILE_ACTION_NAME,
        variables = variables,
    ))
    ctx.actions.run(
        executable = compiler,
        arguments = [args],
        env = cc_common.get_environment_variables(
            feature_configuration = features,
            action_name = CPP_COMPILE_ACTION_NAME,
            variables = variables,
        ),
        inputs = depset(
            [ctx.file.hdr] + ctx.files.srcs,
            transitive = [context.headers, toolchain.all_files],
        ),
        outputs = [compiled],
        mnemonic = "CppPrecompile",
        progress_message = "Precompiling {}".format(ctx.label),
    )

    # What -include names. It is empty, so that where the compiler's options
    # differ and it refuses the precompiled header, nothing but time is lost.
    header = ctx.actions.declare_file(ctx.label.name + ".h")
    ctx.actions.write(header, "// Stands for its precompiled form.\n")

    # clang's form holds the absolute paths of what went into it, which differ
    # from sandbox to sandbox.
    is_gcc = toolchain.compiler != "clang"
    files = depset([header, compiled] if is_gcc else [header])
    return [
        DefaultInfo(files = files),
        CcInfo(
            compilation_context = cc_common.create_compilation_context(
                headers = files,
            ),
        ),
    ]

cc_precompiled_header = rule(
    implementation = _cc_precompiled_header_impl,
    doc = """A header of headers, precompiled with gcc as position-independent
code. To use it, depend on it and give `-include` its path: see precompiled().
Sources must still include what they use: the header may be missing.""",
    attrs = {
        "copts": attr.string_list(
            doc = "Those of the targets that use it: some matter.",
        ),
        "deps": attr.label_list(
            doc = "What the headers belong to.",
            providers = [CcInfo],
        ),
        "hdr": attr.label(
            doc = "The header.",
            allow_single_file = [".h"],
            mandatory = True,
        ),
        "srcs": attr.label_list(
            doc = "Headers of the same folder that the header includes.",
            allow_files = [".h"],
        ),
        "_cc_toolchain": attr.label(
            default = "@bazel_tools//tools/cpp:current_cc_toolchain",
        ),
    },
    fragments = ["cpp"],
    toolchains = ["@bazel_tools//tools/cpp:toolchain_type"],
)

def precompiled(label):
    """Returns the copts with which a target uses the header that it depends on.

    Args:
      label: "//PACKAGE:NAME" of the cc_precompiled_header.
    """
    package, name = label[2:].split(":")
    return ["-include", "$(GENDIR)/{}/{}.h".format(package, name)]
