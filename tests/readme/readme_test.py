"""Runs the commands of README.md as it prints them, against a real daemon.

The daemon listens where the README says, in a network namespace of its own, so
that no port is in the way. The commands are run with the reflection client that
is installed: grpcurl, or buf from tools/node_modules.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import unittest

ROOT = os.path.join(os.environ["TEST_SRCDIR"], os.environ["TEST_WORKSPACE"])
BUF = os.path.join(ROOT, sys.argv[1])
BLOCK = re.compile(
    r"<!-- readme_test: (\w+) -->\n```\w*\n(.*?)```", re.DOTALL)


def read_blocks():
    """The marked blocks of README.md, as (mark, text), in their order."""
    with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as readme:
        return BLOCK.findall(readme.read())


def find_client():
    """The name of the client to run, and a PATH on which it is found."""
    path = os.environ["PATH"]
    if shutil.which("grpcurl"):
        return "grpcurl", path
    return "buf", os.path.dirname(os.path.realpath(BUF)) + os.pathsep + path


def parse_documents(text):
    """The JSON documents that stand one after the other in text."""
    decoder = json.JSONDecoder()
    documents = []
    position = 0
    while position < len(text):
        document, position = decoder.raw_decode(text, position)
        documents.append(document)
        position += len(text[position:]) - len(text[position:].lstrip())
    return documents


class ReadmeTest(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.blocks = read_blocks()
        cls.client, cls.path = find_client()
        daemon = os.path.join(ROOT, "server", "standoffd")
        cls.daemon = subprocess.Popen([daemon], stdout=subprocess.PIPE,
                                      text=True)
        cls.addClassCleanup(cls.stop)
        line = cls.daemon.stdout.readline()
        assert line == "standoffd: listening on 127.0.0.1:7411\n", line

    @classmethod
    def stop(cls):
        cls.daemon.terminate()
        cls.daemon.wait()
        cls.daemon.stdout.close()

    def run_commands(self, commands):
        """What a shell prints that has read the definitions of the client."""
        definitions = dict(self.blocks)[self.client]
        script = "set -eu\n" + definitions + "echo COMMANDS\n" + commands
        done = subprocess.run(
            ["bash", "-c", script], stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, check=False,
            env={**os.environ, "PATH": self.path})
        self.assertEqual(done.returncode, 0, done.stdout)
        return done.stdout.split("COMMANDS\n")

    def test_lists_the_services(self):
        listing, _ = self.run_commands("")
        for service in ["standoff.v1.SocketService", "standoff.v1.HostService",
                        "grpc.health.v1.Health"]:
            self.assertIn(service, listing)

    def test_the_commands_do_what_the_text_says(self):
        commands = "".join(
            text for mark, text in self.blocks if mark == "run")
        _, output = self.run_commands(commands)
        replies = parse_documents(output)
        self.assertEqual(len(replies), commands.count("call "))
        endings = [reply["outcome"]["ending"] for reply in replies]
        timed_out = [reply for reply in replies
                     if reply["outcome"]["ending"] == "ENDING_TIMED_OUT"]
        self.assertEqual(len(timed_out), 1)
        self.assertEqual(endings.count("ENDING_RETURNED"), len(endings) - 1)
        data = [reply["data"] for reply in replies if "data" in reply]
        self.assertEqual(data, ["aGVsbG8="])
        self.assert_like_the_readme(timed_out[0])

    def assert_like_the_readme(self, reply):
        """The reply is the printed one, but for times."""
        printed = json.loads(dict(self.blocks)["output"])
        self.assertEqual(printed.keys(), reply.keys())
        self.assertEqual(printed["outcome"].keys(), reply["outcome"].keys())
        for key in ["ending", "value", "syscall"]:
            self.assertEqual(printed["outcome"][key], reply["outcome"][key])
        elapsed = float(reply["outcome"]["elapsed"].rstrip("s"))
        self.assertGreaterEqual(elapsed, 0.5)


def enter_own_network():
    """Starts this test again in a network namespace of its own."""
    if "IN_OWN_NETWORK" in os.environ:
        return
    os.environ["IN_OWN_NETWORK"] = "1"
    unshare = ["unshare", "--net"]
    if os.geteuid() != 0:
        unshare += ["--user", "--map-root-user"]
    script = 'ip link set lo up && exec "$0" "$@"'
    os.execvp("unshare", unshare + ["--", "sh", "-c", script, sys.executable,
                                    *sys.argv])


if __name__ == "__main__":
    enter_own_network()
    unittest.main(argv=sys.argv[:1])
