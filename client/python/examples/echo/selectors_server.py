"""An echo server for many clients in one thread, with a selector.

Each socket is registered with the function to call when it is ready.
"""

import argparse
import selectors
import socket
import sys


class Server:
    """A listener and its clients."""

    def __init__(self, listener):
        self.served = 0
        self._unsent = {}
        self._selector = selectors.DefaultSelector()
        self._selector.register(listener, selectors.EVENT_READ, self._accept)

    def run(self, connections):
        """Serves clients until so many have come and gone."""
        with self._selector:
            while self.served < connections:
                for key, _ in self._selector.select():
                    key.data(key.fileobj)

    def _accept(self, listener):
        try:
            connection, _ = listener.accept()
        except BlockingIOError:
            return  # The client is gone already.
        connection.setblocking(False)
        self._selector.register(connection, selectors.EVENT_READ, self._read)

    def _read(self, connection):
        try:
            data = connection.recv(4096)
        except ConnectionError:
            data = b""
        if data:
            # Nothing more is read before this has gone out: the client's own
            # send() waits when the buffers between are full.
            self._unsent[connection] = data
            self._selector.modify(connection, selectors.EVENT_WRITE,
                                  self._write)
        else:
            self._drop(connection)

    def _write(self, connection):
        try:
            sent = connection.send(self._unsent[connection])
        except ConnectionError:
            del self._unsent[connection]
            self._drop(connection)
            return
        self._unsent[connection] = self._unsent[connection][sent:]
        if not self._unsent[connection]:
            del self._unsent[connection]
            self._selector.modify(connection, selectors.EVENT_READ, self._read)

    def _drop(self, connection):
        self._selector.unregister(connection)
        connection.close()
        self.served += 1


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
        Server(listener).run(arguments.connections)
    print("served", arguments.connections)


if __name__ == "__main__":
    sys.exit(main())
