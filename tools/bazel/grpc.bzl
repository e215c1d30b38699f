"""Rules for gRPC's generated code, in C++ and Python."""

def _import_path(proto_info, source):
    """Returns the name by which other .proto files import this one."""
    for root in [proto_info.proto_source_root, source.root.path]:
        if root and source.path.startswith(root + "/"):
            return source.path[len(root) + 1:]
    return source.path

def _run_protoc(ctx, plugin, language, flag, suffixes):
    """Generates a file with each of the suffixes for each source.

    The files go to a folder named after the target, under the path by which the
    .proto file is imported; that folder is the include or import path.

    Args:
      ctx: the rule's context.
      plugin: executable of protoc's plugin, or None.
      language: protoc's name for what is generated, as in --LANGUAGE_out.
      flag: text of the language's options.
      suffixes: what replaces .proto in the names of the outputs.

    Returns:
      suffix -> files.
    """
    info = ctx.attr.src[ProtoInfo]
    outputs = {suffix: [] for suffix in suffixes}
    prefix = ctx.attr.folder + "/" if ctx.attr.folder else ""
    imports = []
    for source in info.direct_sources:
        path = _import_path(info, source)
        imports.append(path)
        stem = path[:-len(".proto")]
        for suffix in suffixes:
            outputs[suffix].append(ctx.actions.declare_file(
                "{}{}{}".format(prefix, stem, suffix),
            ))

    out_folder = "/".join([
        part
        for part in [ctx.bin_dir.path, ctx.label.workspace_root, ctx.label.package, ctx.attr.folder]
        if part
    ])
    args = ctx.actions.args()
    tools = []
    if plugin:
        args.add(plugin, format = "--plugin=protoc-gen-{}=%s".format(language))
        tools.append(plugin)
    args.add("--{}_out={}{}".format(language, flag + ":" if flag else "", out_folder))
    args.add_all(info.transitive_proto_path, format_each = "-I%s")
    args.add("-I.")
    args.add_all(imports)
    ctx.actions.run(
        executable = ctx.executable._protoc,
        arguments = [args],
        inputs = info.transitive_sources,
        outputs = [file for files in outputs.values() for file in files],
        tools = tools,
        mnemonic = "GrpcGenerate",
        progress_message = "Generating {} code of {}".format(language, ctx.label),
    )
    return outputs

_ATTRS = {
    "folder": attr.string(),
    "src": attr.label(mandatory = True, providers = [ProtoInfo]),
    "_protoc": attr.label(
        default = "@com_google_protobuf//:protoc",
        allow_files = True,
        executable = True,
        cfg = "exec",
    ),
}

def _cc_grpc_sources_impl(ctx):
    outputs = _run_protoc(
        ctx,
        ctx.executable._plugin,
        "grpc",
        "generate_mock_code=true" if ctx.attr.generate_mocks else "",
        [".grpc.pb.h", ".grpc.pb.cc"] +
        (["_mock.grpc.pb.h"] if ctx.attr.generate_mocks else []),
    )
    sources = outputs[".grpc.pb.cc"]
    headers = outputs[".grpc.pb.h"] + outputs.get("_mock.grpc.pb.h", [])
    return [
        DefaultInfo(files = depset(sources + headers)),
        OutputGroupInfo(hdrs = depset(headers), srcs = depset(sources)),
    ]

_cc_grpc_sources = rule(
    implementation = _cc_grpc_sources_impl,
    attrs = dict(
        _ATTRS,
        generate_mocks = attr.bool(),
        _plugin = attr.label(
            default = "@com_github_grpc_grpc//:grpc_cpp_plugin",
            allow_files = True,
            executable = True,
            cfg = "exec",
        ),
    ),
)

def cc_grpc_library(name, srcs, deps, generate_mocks = False, **kwargs):
    """The C++ code of a proto_library's services.

    Args:
      name: name of the cc_library.
      srcs: exactly one proto_library.
      deps: the cc_proto_library of that proto_library.
      generate_mocks: whether to generate GoogleMock stubs
        (foo_mock.grpc.pb.h) too.
      **kwargs: passed on to the cc_library.
    """
    if len(srcs) != 1:
        fail("cc_grpc_library {}: srcs must be one proto_library".format(name))
    sources = "_{}_sources".format(name)
    folder = "_{}".format(name)
    _cc_grpc_sources(
        name = sources,
        src = srcs[0],
        folder = folder,
        generate_mocks = generate_mocks,
        visibility = ["//visibility:private"],
    )
    for group in ["hdrs", "srcs"]:
        native.filegroup(
            name = "{}_{}".format(sources, group),
            srcs = [sources],
            output_group = group,
            visibility = ["//visibility:private"],
        )
    native.cc_library(
        name = name,
        srcs = ["{}_srcs".format(sources)],
        hdrs = ["{}_hdrs".format(sources)],
        includes = [folder],
        deps = deps + ["@com_github_grpc_grpc//:grpc++"],
        **kwargs
    )

def _py_grpc_sources_impl(ctx):
    messages = _run_protoc(ctx, None, "python", "", ["_pb2.py"])
    types = _run_protoc(ctx, None, "pyi", "", ["_pb2.pyi"])
    services = _run_protoc(
        ctx,
        ctx.executable._plugin,
        "grpc_python",
        "",
        ["_pb2_grpc.py"],
    )
    return [
        DefaultInfo(files = depset(
            messages["_pb2.py"] + services["_pb2_grpc.py"],
        )),
        OutputGroupInfo(types = depset(types["_pb2.pyi"])),
    ]

_py_grpc_sources = rule(
    implementation = _py_grpc_sources_impl,
    attrs = dict(
        _ATTRS,
        _plugin = attr.label(
            default = "@com_github_grpc_grpc//:grpc_python_plugin",
            allow_files = True,
            executable = True,
            cfg = "exec",
        ),
    ),
)

def py_grpc_library(name, srcs, deps = [], **kwargs):
    """The Python code of a proto_library's messages and services.

    foo/bar.proto is foo/bar_pb2.py and foo/bar_pb2_grpc.py in this package, as
    part of a hand-written Python package foo, if there is one; NAME_types has
    the stubs for type checkers. The grpc and google.protobuf modules are those
    of Debian's interpreter.

    Args:
      name: name of the py_library.
      srcs: exactly one proto_library.
      deps: the py_grpc_library of each proto_library that it imports; the
        well-known types need none.
      **kwargs: passed on to the py_library.
    """
    if len(srcs) != 1:
        fail("py_grpc_library {}: srcs must be one proto_library".format(name))
    sources = "_{}_sources".format(name)
    _py_grpc_sources(
        name = sources,
        src = srcs[0],
        visibility = ["//visibility:private"],
    )
    native.filegroup(
        name = name + "_types",
        srcs = [sources],
        output_group = "types",
        visibility = ["//visibility:private"],
    )
    native.py_library(
        name = name,
        srcs = [sources],
        data = [":{}_types".format(name)],
        imports = ["."],
        deps = deps,
        **kwargs
    )
