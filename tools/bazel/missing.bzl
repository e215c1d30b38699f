"""A target that stands in for a package that is not installed."""

def _missing_impl(ctx):
    fail("\n\n{} needs the {} package {}, which is not installed: run tools/setup\n".format(
        ctx.label,
        ctx.attr.kind,
        ctx.attr.package,
    ))

# Fails when it is analysed, so only the targets that depend on it can't be
# built.
missing = rule(
    implementation = _missing_impl,
    attrs = {
        "kind": attr.string(default = "Debian"),
        "package": attr.string(mandatory = True),
    },
)
