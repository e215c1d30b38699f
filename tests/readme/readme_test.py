"""Runs the commands of README.md and docs/ as they are printed.

Each page has a real daemon, which listens where the README says, in a network
namespace of its own, so that no port is in the way. The commands are run with
the reflection client that is installed: grpcurl, or buf from
tools/node_modules.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.join(os.environ["TEST_SRCDIR"], os.environ["TEST_WORKSPACE"])
BUF = os.path.join(ROOT, sys.argv[1])
BLOCK = re.compile(
    r"<!-- readme_test: (\w+) -->\n```\w*\n(.*?)```", re.DOTALL)


def read_blocks(page):
    """The marked blocks of a page, as (mark, text), in their order."""
    with open(os.path.join(ROOT, page), encoding="utf-8") as text:
        return BLOCK.findall(text.read())


def find_client():
    """The name of the client to run, and a PATH with it and our programs."""
    path = os.pathsep.join(
        [os.path.join(ROOT, "client", "cli"), os.environ["PATH"]])
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


class Page:
    """What the tests of a page have in common: its blocks and a daemon."""

    page = None

    @classmethod
    def setUpClass(cls):
        cls.blocks = read_blocks(cls.page)
        cls.client, cls.path = find_client()
        daemon = os.path.join(ROOT, "server", "standoffd")
        cls.daemon = subprocess.Popen([daemon], stdout=subprocess.PIPE,
                                      text=True)
        cls.addClassCleanup(cls.stop)
        line = cls.daemon.stdout.readline()
        assert line == "standoffd: listening on 127.0.0.1:7411\n", line
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = folder.name

    @classmethod
    def stop(cls):
        cls.daemon.terminate()
        status = cls.daemon.wait()
        cls.daemon.stdout.close()
        assert status == 0, status

    def printed(self, mark):
        """The text of the one block with this mark."""
        return dict(self.blocks)[mark]

    def read(self, file):
        """What a command has written to a file."""
        with open(os.path.join(self.folder, file), encoding="utf-8") as text:
            return text.read()

    def commands(self):
        """All commands of the page."""
        return "".join(text for mark, text in self.blocks if mark == "run")

    def run_commands(self, commands):
        """What a shell prints that has read the definitions of the client."""
        definitions = self.printed(self.client)
        script = "set -eu\n" + definitions + "echo COMMANDS\n" + commands
        done = subprocess.run(
            ["bash", "-c", script], stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, check=False, cwd=self.folder,
            env={**os.environ, "PATH": self.path})
        self.assertEqual(done.returncode, 0, done.stdout)
        return done.stdout.split("COMMANDS\n")


class ReadmeTest(Page, unittest.TestCase):

    page = "README.md"

    def test_lists_the_services(self):
        listing, _ = self.run_commands("")
        for service in ["standoff.v1.SocketService", "standoff.v1.HostService",
                        "grpc.health.v1.Health"]:
            self.assertIn(service, listing)

    def test_the_commands_do_what_the_text_says(self):
        commands = self.commands()
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
        printed = json.loads(self.printed("output"))
        self.assertEqual(printed.keys(), reply.keys())
        self.assertEqual(printed["outcome"].keys(), reply["outcome"].keys())
        for key in ["ending", "value", "syscall"]:
            self.assertEqual(printed["outcome"][key], reply["outcome"][key])
        elapsed = float(reply["outcome"]["elapsed"].rstrip("s"))
        self.assertGreaterEqual(elapsed, 0.5)


class OperationsTest(Page, unittest.TestCase):

    page = "docs/operations.md"

    def test_the_commands_do_what_the_text_says(self):
        # What runs in the background must have begun.
        delete = "call SessionService/Delete"
        _, output = self.run_commands(self.commands().replace(
            delete, "until [[ -s watch.json && -s events.txt ]]; do\n"
            "  sleep 0.01\ndone\n" + delete))
        documents = parse_documents(output)
        # Replies of an Execute stream come in one message or in several.
        sent, received = [executed["reply"] for document in documents
                          for executed in document.get("actions", [])]
        (_, started, blocked, cancelled, program, repeated, ended, created, _,
         other, other_blocked, deleted) = [
             document for document in documents if "actions" not in document]
        self.assertEqual(started["ids"], ["2"])
        self.assert_like_the_page(blocked["operations"][0]["block"])
        reply = cancelled["operations"][0]["reply"]["receive"]
        self.assertEqual(reply["outcome"]["ending"], "ENDING_CANCELLED")
        self.assertEqual(program, {"ids": ["3", "4"]})
        self.assertEqual(repeated, {"ids": ["3", "4"], "repeatedRequest": True})
        replies = [operation["reply"] for operation in ended["operations"]]
        self.assertEqual(replies[0]["send"]["bytesSent"], "5")
        self.assertEqual(replies[1]["receive"]["data"], "aGVsbG8=")
        self.assertEqual(sent["send"]["bytesSent"], "5")
        self.assertEqual(received["receive"]["data"], "aGVsbG8=")
        self.assertEqual(created["session"]["name"], "mine")
        self.assertEqual(other["ids"], ["8"])
        self.assertEqual(other_blocked["operations"][0]["state"],
                         "OPERATION_STATE_BLOCKED")
        self.assertEqual(deleted, {"sockets": 2, "operations": 1})
        self.assert_streams()

    def assert_like_the_page(self, block):
        """The block is the printed one, but for numbers."""
        printed = json.loads(self.printed("block"))
        self.assertEqual(printed.keys() | {"waitChannel"},
                         block.keys() | {"waitChannel"})
        self.assertEqual(printed["syscall"], block["syscall"])
        (printed_socket,), (socket,) = printed["sockets"], block["sockets"]
        for varies in ["inode", "openTime"]:
            del printed_socket[varies], socket[varies]
        self.assertEqual(printed_socket, socket)

    def assert_streams(self):
        """What the commands in the background have seen."""
        # The first response may have no events.
        events = [event for response in parse_documents(self.read("watch.json"))
                  for event in response.get("events", [])]
        self.assertEqual([event["sequence"] for event in events],
                         [str(number) for number in range(1, 8)])
        self.assertEqual(events[-1]["state"], "OPERATION_STATE_CANCELLED")
        without_times = re.compile(r"^\S+|0\.\d+ s", re.MULTILINE)
        self.assertEqual(without_times.sub("", self.read("events.txt")),
                         without_times.sub("", self.printed("events")))
        # The width of columns depends on the numbers in them.
        varying = re.compile(
            r"([\d.]+ m?s\b|WAIT CHANNEL|unix_stream_\S+| )+")
        self.assertEqual(varying.sub(" ", self.read("ps.txt")),
                         varying.sub(" ", self.printed("ps")))


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
