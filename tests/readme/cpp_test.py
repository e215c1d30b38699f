"""The programs that docs/cpp.md prints are those that are there, and run."""

import os
import re
import subprocess
import unittest

ROOT = os.path.join(os.environ["TEST_SRCDIR"], os.environ["TEST_WORKSPACE"])
BLOCK = re.compile(r"<!-- cpp_test: (\S+) -->\n```\w*\n(.*?)```", re.DOTALL)


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


def printed():
    """Each program in the page, by its path: its text and its output."""
    blocks = BLOCK.findall(read("docs/cpp.md"))
    return {
        path: (text, output)
        for (path, text), (mark, output) in zip(blocks[::2], blocks[1::2])
        if mark == "output"
    }


def without_numbers(text):
    """What it says, but for how long and how much."""
    return re.sub(r"\b[\d.]+ ?(ns|us|ms|s|bytes|[kM]B)\b", r"N", text)


def run(path, *arguments):
    """What the program prints."""
    done = subprocess.run(
        [os.path.join(ROOT, os.path.splitext(path)[0]), *arguments],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return done.stdout


class CppPageTest(unittest.TestCase):
    def start_daemon(self):
        """Its address."""
        daemon = subprocess.Popen(
            [os.path.join(ROOT, "server", "standoffd"), "--listen=127.0.0.1:0"],
            stdout=subprocess.PIPE,
            text=True,
        )
        self.addCleanup(daemon.stdout.close)
        self.addCleanup(daemon.wait)
        self.addCleanup(daemon.terminate)
        return daemon.stdout.readline().rpartition(" ")[2].strip()

    def test_page_prints_what_is_there(self):
        self.assertEqual(
            list(printed()), ["lib/examples/three_modes.cc", "client/examples/deadlock.cc"]
        )
        for path, (text, _) in printed().items():
            # All but the comment on top.
            source = read(path)
            self.assertEqual(source[source.index("#include"):], text)

    def test_three_modes(self):
        path = "lib/examples/three_modes.cc"
        self.assertEqual(
            without_numbers(run(path)), without_numbers(printed()[path][1])
        )

    def test_deadlock(self):
        path = "client/examples/deadlock.cc"
        output = run(path, self.start_daemon(), self.start_daemon(), "127.0.0.1")
        self.assertEqual(without_numbers(output), without_numbers(printed()[path][1]))


if __name__ == "__main__":
    unittest.main()
