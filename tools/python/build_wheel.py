"""Builds a wheel with setuptools, the same each time.

Usage: build_wheel.py WHEEL VERSION ROOT PYPROJECT FILE...

WHEEL is what to make. The FILEs are the package's, under the folder ROOT of the
source tree or of a tree of generated files; in PYPROJECT, VERSION stands for the
version.
"""

import contextlib
import io
import logging
import os
import pathlib
import shutil
import sys
import tempfile
import warnings

from setuptools import build_meta


def main() -> None:
    wheel, version, root, project, *files = sys.argv[1:]
    target = pathlib.Path(wheel).absolute()
    # A zip file has no times before 1980.
    os.environ["SOURCE_DATE_EPOCH"] = "315532800"
    with tempfile.TemporaryDirectory() as folder:
        for file in files:
            copy = pathlib.Path(folder, file.rpartition(root)[2])
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, copy)
        for generated in pathlib.Path(folder).glob("**/*_pb2.py"):
            # A folder of generated code alone is no package yet.
            generated.with_name("__init__.py").touch()
        text = pathlib.Path(project).read_text(encoding="utf-8")
        pathlib.Path(folder, "pyproject.toml").write_text(
            text.replace('"VERSION"', f'"{version}"'), encoding="utf-8"
        )
        os.chdir(folder)
        # setuptools tells all it does; that matters only when it fails.
        log = io.StringIO()
        try:
            # It warns that its section of pyproject.toml may change one day.
            with contextlib.redirect_stdout(log), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                logging.basicConfig(stream=log)
                name = build_meta.build_wheel(folder)
        except BaseException:
            print(log.getvalue(), file=sys.stderr)
            raise
        if name != target.name:
            sys.exit(f"built {name}, not {target.name}")
        shutil.copyfile(name, target)


if __name__ == "__main__":
    main()
