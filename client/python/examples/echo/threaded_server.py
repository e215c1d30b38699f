"""An echo server with a thread for each client.

Each thread waits in calls for its own client, and nobody for another's.
"""

import argparse
import socket
import sys
import threading


def serve(connection):
    """Sends back what comes, until the client has no more to send."""
    with connection:
        try:
            while data := connection.recv(4096):
                connection.sendall(data)
        except ConnectionError as error:
            print("lost a client:", error, flush=True)


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--address", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    parser.add_argument("--connections", type=int, default=1, metavar="N",
                        help="how many to serve before it ends")
    arguments = parser.parse_args(argv)

    threads = []
    with socket.create_server((arguments.address, arguments.port)) as listener:
        print("listening on", *listener.getsockname()[:2], flush=True)
        for _ in range(arguments.connections):
            connection, _ = listener.accept()
            threads.append(threading.Thread(target=serve, args=(connection,)))
            threads[-1].start()
    for thread in threads:
        thread.join()
    print("served", arguments.connections)


if __name__ == "__main__":
    sys.exit(main())
