"""The version of all of Standoff."""

STANDOFF_VERSION = "0.1.0"
