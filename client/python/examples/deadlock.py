"""Two hosts in a deadlock, made on purpose, proved and undone."""

import standoff
from standoff.lab import Lab

with Lab(["left", "right"]) as lab:
    left, right = lab.connect("left"), lab.connect("right")
    listener = right.create_server((lab.address("right"), 0))
    a = left.create_connection(listener.getsockname())
    b, _ = listener.accept()
    # More than all buffers hold; and nobody reads.
    payload = standoff.Pattern(seed=1, length=64 << 20)
    sends = [left.actor("anna").start(a.sendall, payload),
             right.actor("bert").start(b.sendall, payload)]
    standoff.wait(sends, timeout=30, condition="blocked")
    print(standoff.why([left, right]))
    # A way out: a second thread, which reads.
    reading = left.actor("reader").start(a.recv_pattern, payload)
    print("bert's", reading.result(timeout=60), "bytes went through")
