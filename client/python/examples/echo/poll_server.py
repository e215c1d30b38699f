"""An echo server for many clients in one thread, with poll().

poll() names sockets by their descriptors' numbers, and tells hang-ups and
errors without being asked.
"""

import argparse
import select
import socket
import sys


class Client:
    """A connection, and what it has yet to be sent."""

    def __init__(self, connection):
        self.connection = connection
        self.unsent = b""
        self.reading = True

    def wanted(self):
        """What to wait for; 0 when it has been served."""
        return ((select.POLLIN if self.reading else 0) |
                (select.POLLOUT if self.unsent else 0))

    def act(self, events):
        """Receives and sends what goes without waiting."""
        try:
            if events & (select.POLLIN | select.POLLHUP | select.POLLERR):
                data = self.connection.recv(4096)
                self.unsent += data
                self.reading = bool(data)
            if events & select.POLLOUT:
                sent = self.connection.send(self.unsent)
                self.unsent = self.unsent[sent:]
        except ConnectionError:
            self.reading, self.unsent = False, b""


def accept(listener, poller, clients):
    """Takes in a client."""
    try:
        connection, _ = listener.accept()
    except BlockingIOError:
        return  # It is gone already.
    connection.setblocking(False)
    clients[connection.fileno()] = Client(connection)
    poller.register(connection, select.POLLIN)


def serve(listener, connections):
    """Serves clients until so many have come and gone."""
    poller = select.poll()
    poller.register(listener, select.POLLIN)
    clients = {}
    served = 0
    while served < connections:
        for number, events in poller.poll():
            if number == listener.fileno():
                accept(listener, poller, clients)
                continue
            client = clients[number]
            client.act(events)
            if client.wanted():
                poller.modify(number, client.wanted())
            else:
                # First this: the number may be the next client's.
                poller.unregister(number)
                del clients[number]
                client.connection.close()
                served += 1


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--address", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    parser.add_argument("--connections", type=int, default=1, metavar="N",
                        help="how many to serve before it ends")
    arguments = parser.parse_args(argv)

    with socket.create_server((arguments.address, arguments.port)) as listener:
        listener.setblocking(False)
        print("listening on", *listener.getsockname()[:2], flush=True)
        serve(listener, arguments.connections)
    print("served", arguments.connections)


if __name__ == "__main__":
    sys.exit(main())
