"""The version of all of Standoff."""

STANDOFF_VERSION = "0.1.0"

# For a C++ target that tells it: the string STANDOFF_VERSION.
STANDOFF_VERSION_DEFINES = [
    "STANDOFF_VERSION=\\\"{}\\\"".format(STANDOFF_VERSION),
]
