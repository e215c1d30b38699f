"""An echo server that serves one client after the other.

While one is served, the next wait in the accept queue, and then in vain: the
kernel has taken their connections and their bytes, and nobody answers.
"""

import argparse
import socket
import sys


def serve(connection):
    """Sends back what comes, until the client has no more to send."""
    try:
        while data := connection.recv(4096):
            connection.sendall(data)
    except ConnectionError as error:
        # It concerns this client, and none that comes after it.
        print("lost a client:", error, flush=True)


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--address", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    parser.add_argument("--connections", type=int, default=1, metavar="N",
                        help="how many to serve before it ends")
    arguments = parser.parse_args(argv)

    with socket.create_server((arguments.address, arguments.port)) as listener:
        print("listening on", *listener.getsockname()[:2], flush=True)
        for _ in range(arguments.connections):
            connection, _ = listener.accept()
            with connection:
                serve(connection)
    print("served", arguments.connections)


if __name__ == "__main__":
    sys.exit(main())
