"""An echo client that waits in no call but select().

connect(), send() and recv() return at once. Whether the connection that was
begun came about, getsockopt() tells, once.
"""

import argparse
import errno
import os
import select
import socket
import sys


def connect(address):
    """Begins to connect, waits until that has ended, and asks how."""
    connection = socket.socket()
    connection.setblocking(False)
    error = connection.connect_ex(address)
    if error == errno.EINPROGRESS:
        select.select([], [connection], [])
        error = connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if error:
        connection.close()
        raise OSError(error, os.strerror(error))
    return connection


def exchange(connection, data):
    """Sends and receives, whichever goes, until all has come back."""
    unsent, answer = data, b""
    while len(answer) < len(data):
        readable, writable, _ = select.select(
            [connection], [connection] if unsent else [], [])
        if writable:
            sent = connection.send(unsent)
            unsent = unsent[sent:]
        if readable:
            try:
                part = connection.recv(4096)
            except BlockingIOError:
                continue  # What was ready may be gone, say for its checksum.
            if not part:
                raise EOFError(f"the server hung up after {len(answer)} bytes")
            answer += part
    return answer


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--address", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("messages", nargs="*", default=["hello", "again"])
    arguments = parser.parse_args(argv)

    with connect((arguments.address, arguments.port)) as connection:
        for message in arguments.messages:
            print(exchange(connection, message.encode()).decode())


if __name__ == "__main__":
    sys.exit(main())
