"""Tests written for pytest, run by Debian's."""

def pytest_test(name, srcs = [], helpers = [], args = [], deps = [], **kwargs):
    """A py_test that runs pytest on a file.

    Args:
      name: name of the test; the file is NAME.py unless srcs say otherwise.
      srcs: files with tests.
      helpers: modules that these import, conftest.py among them.
      args: further arguments of pytest.
      deps: what the tests import.
      **kwargs: passed on to py_test.
    """
    files = srcs or [name + ".py"]
    native.py_test(
        name = name,
        srcs = files + helpers + ["//tools/pytest:main.py"],
        args = ["$(rootpath {})".format(file) for file in files] + args,
        main = "//tools/pytest:main.py",
        deps = deps,
        **kwargs
    )
