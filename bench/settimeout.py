"""By how much CPython overshoots a timeout: settimeout.py SECONDS COUNT.

Prints a line for each receive that timed out: microseconds over the timeout.
"""

import socket
import sys
import time


def main() -> None:
    timeout, count = float(sys.argv[1]), int(sys.argv[2])
    peer, sock = socket.socketpair()
    sock.settimeout(timeout)
    for _ in range(count):
        start = time.monotonic_ns()
        try:
            sock.recv(1)
        except TimeoutError:
            elapsed = time.monotonic_ns() - start
            print(elapsed / 1e3 - timeout * 1e6)
    peer.close()


if __name__ == "__main__":
    main()
