"""What the tests of diagnoses have in common."""

from __future__ import annotations

import concurrent.futures
import contextlib
from collections.abc import Iterator
from typing import Any

import grpc

import standoff
from aio_support import LOOPBACK, daemon
from standoff.v1 import host_service_pb2
from workers import PATIENCE


@contextlib.contextmanager
def fake_daemon(reply: bytes) -> Iterator[str]:
    """What says that it is a daemon, and answers all else with `reply`."""

    class Handler(grpc.GenericRpcHandler):
        def service(self, details: Any) -> Any:
            method = details.method.rpartition("/")[2]
            if method == "Watch":
                return grpc.unary_stream_rpc_method_handler(
                    lambda request, context: iter([reply]))
            answer = reply
            if method == "GetInfo":
                info = host_service_pb2.GetInfoResponse(version="9.9")
                answer = info.SerializeToString()
            return grpc.unary_unary_rpc_method_handler(
                lambda request, context: answer)

    with concurrent.futures.ThreadPoolExecutor() as pool:
        server = grpc.server(pool, [Handler()])
        port = server.add_insecure_port(f"{LOOPBACK}:0")
        server.start()
        try:
            yield f"{LOOPBACK}:{port}"
        finally:
            server.stop(None).wait()


@contextlib.contextmanager
def two_hosts() -> Iterator[tuple[standoff.Host, standoff.Host]]:
    """Two daemons of their own, and a host of each: "left" and "right"."""
    with daemon() as (left, _), daemon() as (right, _):
        with (standoff.connect(left, name="left") as first,
              standoff.connect(right, name="right") as second):
            yield first, second


def connected(left: standoff.Host,
              right: standoff.Host) -> tuple[standoff.Socket, standoff.Socket]:
    """The ends of a connection from one host to the other."""
    with right.create_server((LOOPBACK, 0)) as server:
        client = left.create_connection(server.getsockname())
        accepted, _ = server.accept()
    return client, accepted


def all_blocked(*operations: standoff.Operation[Any]) -> None:
    """Waits until they all sleep in the kernel."""
    for operation in operations:
        operation.wait_blocked(timeout=PATIENCE)
