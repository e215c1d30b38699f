"""Wheels of Python packages, built by setuptools."""

def _py_wheel_impl(ctx):
    name = ctx.attr.package.label.name
    wheel = ctx.actions.declare_file("{}-{}-py3-none-any.whl".format(
        name,
        ctx.attr.version,
    ))
    info = ctx.attr.package[DefaultInfo]
    runfiles = info.default_runfiles.files
    root = ctx.label.package + "/"
    args = ctx.actions.args()
    args.add(wheel)
    args.add(ctx.attr.version)
    args.add(root)
    args.add(ctx.file.project)
    args.add_all(runfiles)
    ctx.actions.run(
        executable = "/usr/bin/python3",
        arguments = [ctx.file._builder.path, args],
        inputs = depset([ctx.file.project, ctx.file._builder], transitive = [runfiles]),
        outputs = [wheel],
        mnemonic = "PyWheel",
        progress_message = "Building {}".format(wheel.short_path),
    )
    return [DefaultInfo(
        files = depset([wheel]),
        runfiles = ctx.runfiles(files = [wheel]),
    )]

py_wheel = rule(
    implementation = _py_wheel_impl,
    doc = "A wheel of a py_library and all it depends on.",
    attrs = {
        "package": attr.label(
            doc = "The py_library; its files are under this rule's package.",
            mandatory = True,
            providers = [PyInfo],
        ),
        "project": attr.label(
            doc = "pyproject.toml, in which VERSION stands for the version.",
            allow_single_file = True,
            mandatory = True,
        ),
        "version": attr.string(mandatory = True),
        "_builder": attr.label(
            default = "//tools/python:build_wheel.py",
            allow_single_file = True,
        ),
    },
)
