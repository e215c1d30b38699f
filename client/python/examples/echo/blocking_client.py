"""An echo client that waits in each call until it is done."""

import argparse
import socket
import sys


def receive_exactly(connection, size):
    """Receives so many bytes: a stream keeps no borders between messages."""
    data = b""
    while len(data) < size:
        part = connection.recv(size - len(data))
        if not part:
            raise EOFError(f"the server hung up after {len(data)} bytes")
        data += part
    return data


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--address", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("messages", nargs="*", default=["hello", "again"])
    arguments = parser.parse_args(argv)

    server = (arguments.address, arguments.port)
    with socket.create_connection(server) as connection:
        for message in arguments.messages:
            data = message.encode()
            connection.sendall(data)
            print(receive_exactly(connection, len(data)).decode())
        # Nothing more from here: the server reads the end, and closes.
        connection.shutdown(socket.SHUT_WR)
        if connection.recv(1):
            sys.exit("the server sent more than it was sent")


if __name__ == "__main__":
    sys.exit(main())
