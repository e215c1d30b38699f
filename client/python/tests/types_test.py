"""The package is clean under mypy --strict, and so is what uses it well."""

from __future__ import annotations

import pathlib
import subprocess
import sys

import standoff

HERE = pathlib.Path(__file__).resolve().parent
# Where the generated modules are, too: not resolved.
PACKAGES = pathlib.Path(standoff.__file__).parents[1]


def check(tmp_path: pathlib.Path, *arguments: str) -> None:
    """mypy --strict finds nothing."""
    done = subprocess.run(
        [
            sys.executable, "-m", "mypy",
            f"--config-file={HERE.parent / 'mypy.ini'}",
            f"--cache-dir={tmp_path}",
            *arguments,
        ],
        check=False,
        cwd=PACKAGES,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, done.stdout


def test_package(tmp_path: pathlib.Path) -> None:
    check(tmp_path, "--package=standoff")


def test_program(tmp_path: pathlib.Path) -> None:
    # A mark that is not needed is an error, too.
    check(tmp_path, "--warn-unused-ignores", str(HERE / "typed_program.py"))


def test_all_that_is_public_is_documented() -> None:
    for name in standoff.__all__:
        found = getattr(standoff, name)
        if name != "__version__":
            assert found.__doc__, name
        if not isinstance(found, type):
            continue
        for member in dir(found):
            inherited = any(
                member in vars(base)
                for base in found.__mro__
                if base.__module__.partition(".")[0] != "standoff"
            )
            if not member.startswith("_") and not inherited:
                attribute = getattr(found, member)
                if callable(attribute) or isinstance(attribute, property):
                    assert attribute.__doc__, f"{name}.{member}"
