"""An echo client that does not wait for ever.

A server that does not answer in time is no error of the socket: its connection
is as it was, and the client can go on waiting or, as here, give up.
"""

import argparse
import socket
import sys
import time


def receive_exactly(connection, size, deadline):
    """Receives so many bytes; TimeoutError if they aren't there in time.

    A socket's timeout holds for each call: for a message that comes in pieces,
    what is left of the time has to be told before each.
    """
    data = b""
    while len(data) < size:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        connection.settimeout(left)
        part = connection.recv(size - len(data))
        if not part:
            raise EOFError(f"the server hung up after {len(data)} bytes")
        data += part
    return data


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--address", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--timeout", type=float, default=5.0,
                        metavar="SECONDS", help="for each answer")
    parser.add_argument("messages", nargs="*", default=["hello", "again"])
    arguments = parser.parse_args(argv)

    server = (arguments.address, arguments.port)
    try:
        connection = socket.create_connection(server, arguments.timeout)
    except TimeoutError:
        sys.exit(f"no connection within {arguments.timeout} s")
    with connection:
        for message in arguments.messages:
            data = message.encode()
            deadline = time.monotonic() + arguments.timeout
            connection.settimeout(arguments.timeout)
            try:
                connection.sendall(data)
                answer = receive_exactly(connection, len(data), deadline)
            except TimeoutError:
                sys.exit(f"no answer within {arguments.timeout} s")
            print(answer.decode())


if __name__ == "__main__":
    sys.exit(main())
