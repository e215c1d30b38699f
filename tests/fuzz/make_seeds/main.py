"""Writes the seeds of the fuzz targets that are no plain text.

Usage: bazel run //tests/fuzz/make_seeds

Needs protoc. The seeds of client_address, control_address, flags, host_entry and
hosts_file are written by hand.
"""

from tests.fuzz.make_seeds import calls, diagnoses, kernel, values


def main():
    values.address()
    values.option()
    values.control_message()
    values.pattern()
    values.outcome()
    kernel.proc_files()
    kernel.thread_waits()
    kernel.socket_diag()
    diagnoses.diagnose()
    diagnoses.shown()
    calls.request()


if __name__ == "__main__":
    main()
