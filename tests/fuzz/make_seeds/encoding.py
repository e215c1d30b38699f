"""Where seeds are written, and the encodings that the fuzz targets share."""

import os
import pathlib
import re
import struct
import subprocess

# Bazel runs programs elsewhere.
WORKSPACE = pathlib.Path(os.environ["BUILD_WORKSPACE_DIRECTORY"])
TARGETS = WORKSPACE / "tests" / "fuzz"


def write(target, name, data):
    folder = TARGETS / "seeds" / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)


def message(kind, text):
    """A message of standoff.v1, from its text form."""
    folder = WORKSPACE / "proto"
    return subprocess.run(
        [
            "protoc",
            f"--proto_path={folder}",
            f"--encode=standoff.v1.{kind}",
            *sorted(map(str, folder.glob("standoff/v1/*.proto"))),
        ],
        input=text.encode(),
        stdout=subprocess.PIPE,
        check=True,
    ).stdout


def text(data):
    """What Input::Text() reads."""
    return struct.pack("=H", len(data)) + data


def constants(target, array):
    """The text of an array of constants in a fuzz target."""
    source = (TARGETS / f"{target}_fuzz.cc").read_text()
    return re.search(array + r"\[\] = \{(.*?)\};", source, re.S).group(1)
