"""Abseil's targets and the pkg-config modules that stand for them."""

# Abseil's .pc files are named after CMake's targets, which are Bazel's names
# without the folder but for the cases listed here.
_SAME_NAME = {
    "absl/algorithm": ["algorithm"],
    "absl/base": ["base", "config", "core_headers", "dynamic_annotations", "endian", "log_severity"],
    "absl/cleanup": ["cleanup"],
    "absl/container": [
        "btree",
        "fixed_array",
        "flat_hash_map",
        "flat_hash_set",
        "inlined_vector",
        "node_hash_map",
        "node_hash_set",
    ],
    "absl/debugging": ["failure_signal_handler", "leak_check", "stacktrace", "symbolize"],
    "absl/functional": ["any_invocable", "bind_front", "function_ref"],
    "absl/hash": ["hash"],
    "absl/memory": ["memory"],
    "absl/numeric": ["bits", "int128"],
    "absl/status": ["status", "statusor"],
    "absl/strings": ["cord", "str_format", "strings"],
    "absl/synchronization": ["synchronization"],
    "absl/time": ["time"],
    "absl/types": ["any", "compare", "optional", "span", "variant"],
    "absl/utility": ["utility"],
}

_OTHER_NAME = {
    "absl/algorithm:container": "algorithm_container",
    "absl/flags:commandlineflag": "flags_commandlineflag",
    "absl/flags:config": "flags_config",
    "absl/flags:flag": "flags",
    "absl/flags:marshalling": "flags_marshalling",
    "absl/flags:parse": "flags_parse",
    "absl/flags:reflection": "flags_reflection",
    "absl/flags:usage": "flags_usage",
    "absl/meta:type_traits": "type_traits",
    "absl/random": "random_random",
    "absl/random:bit_gen_ref": "random_bit_gen_ref",
    "absl/random:distributions": "random_distributions",
    "absl/random:seed_sequences": "random_seed_sequences",
}

def abseil_targets():
    """The table of targets.

    Returns:
      label -> pkg-config modules, as debian_repository wants it.
    """
    targets = {
        "{}:{}".format(package, name): ["absl_" + name]
        for package, names in _SAME_NAME.items()
        for name in names
    }
    for label, module in _OTHER_NAME.items():
        targets[label] = ["absl_" + module]
    return targets
