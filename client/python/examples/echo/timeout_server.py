"""An echo server that gives up on clients that keep it waiting.

A client that sends nothing, or that does not read what it is sent, is dropped
after a time. When nobody connects for as long, the server ends.
"""

import argparse
import socket
import sys


def serve(connection):
    """Sends back what comes; TimeoutError when nothing moves for too long."""
    while data := connection.recv(4096):
        connection.sendall(data)


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--address", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    parser.add_argument("--connections", type=int, default=1, metavar="N",
                        help="how many to serve before it ends")
    parser.add_argument("--timeout", type=float, default=5.0,
                        metavar="SECONDS", help="for how long to wait")
    arguments = parser.parse_args(argv)

    with socket.create_server((arguments.address, arguments.port)) as listener:
        listener.settimeout(arguments.timeout)
        print("listening on", *listener.getsockname()[:2], flush=True)
        for number in range(arguments.connections):
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                print(f"nobody connected for {arguments.timeout} s, served",
                      number)
                return 1
            with connection:
                # It does not inherit the listener's.
                connection.settimeout(arguments.timeout)
                try:
                    serve(connection)
                except TimeoutError:
                    print(f"dropped a client, silent for {arguments.timeout} s",
                          flush=True)
                except ConnectionError as error:
                    print("lost a client:", error, flush=True)
    print("served", arguments.connections)
    return 0


if __name__ == "__main__":
    sys.exit(main())
