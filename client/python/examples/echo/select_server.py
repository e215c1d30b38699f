"""An echo server for many clients in one thread, with select().

What a client is slow to read waits here and not in a call of send(), which
would hold up the others.
"""

import argparse
import select
import socket
import sys


def accept(listener, reading, unsent):
    """Takes in a client."""
    try:
        connection, _ = listener.accept()
    except BlockingIOError:
        return  # It is gone already.
    connection.setblocking(False)
    reading.add(connection)
    unsent[connection] = b""


def receive(connection):
    """What came; nothing at the end of the stream, be it a sudden one."""
    try:
        return connection.recv(4096)
    except ConnectionError:
        return b""


def send(connection, data):
    """Sends as much as goes out without waiting; returns what is left."""
    try:
        return data[connection.send(data):]
    except ConnectionError:
        return b""


def serve(listener, connections):
    """Serves clients until so many have come and gone."""
    unsent = {}
    reading = {listener}
    served = 0
    while served < connections:
        writing = [each for each in unsent if unsent[each]]
        readable, writable, _ = select.select(list(reading), writing, [])
        for ready in readable:
            if ready is listener:
                accept(listener, reading, unsent)
            elif data := receive(ready):
                unsent[ready] += data
            else:
                reading.remove(ready)
        for ready in writable:
            unsent[ready] = send(ready, unsent[ready])
        for gone in [each for each in unsent
                     if each not in reading and not unsent[each]]:
            del unsent[gone]
            gone.close()
            served += 1


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--address", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    parser.add_argument("--connections", type=int, default=1, metavar="N",
                        help="how many to serve before it ends")
    arguments = parser.parse_args(argv)

    with socket.create_server((arguments.address, arguments.port)) as listener:
        # A client that is gone before accept() must not hold up the others.
        listener.setblocking(False)
        print("listening on", *listener.getsockname()[:2], flush=True)
        serve(listener, arguments.connections)
    print("served", arguments.connections)


if __name__ == "__main__":
    sys.exit(main())
