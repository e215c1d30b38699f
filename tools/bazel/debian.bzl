"""Repository rules that make installed packages visible as targets.

The headers are in /usr/include, which Bazel's C++ toolchain counts as the
compiler's own: they need no `hdrs`, are system headers for warnings, and are
not tracked. After an upgrade of a -dev package: `bazel clean`.
"""

_HEADER = """\
load("@standoff//tools/bazel:missing.bzl", "missing")

package(default_visibility = ["//visibility:public"])
"""

_CC_LIBRARY = """
cc_library(
    name = "{name}",
    defines = {defines},
    linkopts = {linkopts},
)
"""

_MISSING = """
missing(
    name = "{name}",
    kind = "{kind}",
    package = "{package}",
)
"""

def _pkg_config(ctx, modules):
    """Returns pkg-config's flags for the modules; None if one is missing."""
    program = ctx.which("pkg-config")
    if not program:
        return None
    result = ctx.execute([program, "--cflags", "--libs"] + modules)
    if result.return_code != 0:
        return None
    return [flag for flag in result.stdout.strip().split(" ") if flag]

def _split(label):
    """Splits "package:name" or "package" as Bazel's labels are split."""
    package, _, name = label.partition(":")
    return package, name or package.rpartition("/")[2]

def _cc_target(ctx, name, needs):
    flags = _pkg_config(ctx, needs)
    if flags == None:
        return _MISSING.format(
            name = name,
            kind = "Debian",
            package = ctx.attr.package,
        )

    defines = []
    linkopts = []
    for flag in flags:
        if flag.startswith("-D"):
            defines.append(flag[2:])
        elif flag.startswith("-I"):
            fail("{}: {} is not a default include folder: teach debian.bzl about it".format(name, flag))
        else:
            linkopts.append(flag)

    # pkg-config names every library that might be needed. --as-needed would not
    # do here: tests are linked with shared libraries of this project, and gold
    # drops what only those need.
    return _CC_LIBRARY.format(
        name = name,
        defines = repr(defines),
        linkopts = repr(linkopts),
    )

def _debian_repository_impl(ctx):
    builds = {"": []}
    for label, needs in ctx.attr.targets.items():
        package, name = _split(label)
        builds.setdefault(package, []).append(_cc_target(ctx, name, needs))
    for label, program in ctx.attr.programs.items():
        package, name = _split(label)
        path = ctx.path(program)
        if path.exists:
            ctx.symlink(path, (package + "/bin/" if package else "bin/") + name)
            text = "\nfilegroup(\n    name = \"{name}\",\n    srcs = [\"bin/{name}\"],\n)\n".format(name = name)
        else:
            text = _MISSING.format(name = name, kind = "Debian", package = ctx.attr.program_package)
        builds.setdefault(package, []).append(text)
    for link, folder in ctx.attr.folders.items():
        # A dangling link is a "no such file" for only the targets that want it.
        ctx.symlink(folder, link)
    builds[""].append(ctx.attr.build)
    for package, texts in builds.items():
        ctx.file(
            (package + "/" if package else "") + "BUILD",
            _HEADER + "".join(texts),
            executable = False,
        )

debian_repository = repository_rule(
    implementation = _debian_repository_impl,
    doc = "Libraries and programs of Debian packages, found with pkg-config.",
    # Looked at again when a Bazel server starts.
    local = True,
    environ = ["PATH", "PKG_CONFIG_PATH"],
    attrs = {
        "build": attr.string(
            doc = "Text to add to the BUILD file at the repository's top.",
        ),
        "folders": attr.string_dict(
            doc = "Links to make: path in the repository -> absolute path.",
        ),
        "package": attr.string(
            doc = "The Debian package of the libraries, for error messages.",
            mandatory = True,
        ),
        "program_package": attr.string(
            doc = "The Debian package of the programs, for error messages.",
        ),
        "programs": attr.string_dict(
            doc = "Programs: label (without @repo//) -> absolute path.",
        ),
        "targets": attr.string_list_dict(
            doc = "Libraries: label (without @repo//) -> pkg-config modules.",
        ),
    },
)

def _npm_repository_impl(ctx):
    # The lock file is named by its label, so that the repository is looked at
    # again when it changes.
    tools = ctx.path(ctx.attr.lock_file).dirname
    machine = ctx.execute(["uname", "-m"]).stdout.strip()
    npm_arch, go_arch = {
        "aarch64": ("aarch64", "arm64"),
        "x86_64": ("x64", "amd64"),
    }.get(machine, (machine, machine))
    text = _HEADER
    for name, package, program in [
        ("buf", "@bufbuild/buf", "@bufbuild/buf-linux-{}/bin/buf".format(npm_arch)),
        ("buildifier", "@bazel/buildifier", "@bazel/buildifier/buildifier-linux_{}".format(go_arch)),
    ]:
        path = ctx.path("{}/node_modules/{}".format(tools, program))
        if path.exists:
            ctx.symlink(path, "bin/" + name)
            text += "\nsh_binary(\n    name = \"{name}\",\n    srcs = [\"bin/{name}\"],\n)\n".format(name = name)
        else:
            text += _MISSING.format(name = name, kind = "npm", package = package)
    ctx.file("BUILD", text, executable = False)

npm_repository = repository_rule(
    implementation = _npm_repository_impl,
    doc = "The native programs inside the npm packages in tools/node_modules.",
    local = True,
    attrs = {
        "lock_file": attr.label(default = "//tools:package-lock.json"),
    },
)

def _text_repository_impl(ctx):
    for path, text in ctx.attr.files.items():
        ctx.file(path, text, executable = False)

text_repository = repository_rule(
    implementation = _text_repository_impl,
    doc = "A repository of the given files: path -> text.",
    attrs = {
        "files": attr.string_dict(mandatory = True),
    },
)
