"""standoff.unary: calls made without gRPC's own Python, and with it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent import futures

import grpc
import pytest
from standoff import channel as channel_lib
from standoff import rpc, unary
from standoff.v1 import host_service_pb2, operation_service_pb2
from standoff.v1 import session_service_pb2, socket_service_pb2


@pytest.fixture(name="channel")
def _channel(daemon_address: str) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(daemon_address, channel_lib.OPTIONS) as channel:
        yield channel


@pytest.fixture(params=["direct", "full"], name="ways")
def _ways(request: pytest.FixtureRequest,
          monkeypatch: pytest.MonkeyPatch) -> str:
    """As it is, and where gRPC is not as it is known."""
    if request.param == "full":
        monkeypatch.setattr(unary, "_core", None)
    return str(request.param)


def test_is_made_directly_with_this_grpc(channel: grpc.Channel) -> None:
    method = unary.Method(channel, rpc.GET_INFO)
    method.full = None
    assert method(host_service_pb2.GetInfoRequest()).version


def test_returns_the_response(channel: grpc.Channel, ways: str) -> None:
    method = unary.Method(channel, rpc.GET_INFO)
    request = host_service_pb2.GetInfoRequest()
    assert (method(request).SerializeToString()
            == method.full(request).SerializeToString()), ways


def test_sends_metadata(channel: grpc.Channel, ways: str) -> None:
    create = unary.Method(channel, rpc.CREATE)
    created = create(session_service_pb2.CreateRequest(name=f"by-{ways}"))
    assert created.session.name == f"by-{ways}"
    metadata = (("standoff-session", created.session.name),)
    request = operation_service_pb2.OperationServiceListRequest()
    list_operations = unary.Method(channel, rpc.LIST_OPERATIONS)
    list_operations(request, metadata=metadata)
    delete = unary.Method(channel, rpc.DELETE)
    delete(session_service_pb2.DeleteRequest(name=created.session.name))
    with pytest.raises(grpc.RpcError) as caught:
        list_operations(request, metadata=metadata)
    assert caught.value.code() is grpc.StatusCode.NOT_FOUND
    assert created.session.name in caught.value.details()


def test_deadline(channel: grpc.Channel, ways: str) -> None:
    pair = unary.Method(channel, rpc.OPEN_PAIR)(
        socket_service_pb2.OpenPairRequest(
            first_name=f"{ways}-a", second_name=f"{ways}-b"))
    assert pair.outcome.value == 0, pair
    with pytest.raises(grpc.RpcError) as caught:
        unary.Method(channel, rpc.RECEIVE)(
            socket_service_pb2.ReceiveRequest(socket=f"{ways}-a", length=1),
            timeout=0.05)
    assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    for name in ("a", "b"):
        unary.Method(channel, rpc.CLOSE)(
            socket_service_pb2.CloseRequest(socket=f"{ways}-{name}"))


def test_of_a_closed_channel(channel: grpc.Channel, ways: str) -> None:
    method = unary.Method(channel, rpc.GET_INFO)
    channel.close()
    with pytest.raises(ValueError):
        method(host_service_pb2.GetInfoRequest())
    assert ways


def test_response_of_another_kind(daemon_address: str) -> None:
    class Babbler(grpc.GenericRpcHandler):
        """Answers with what is no message."""

        def service(self, handler_call_details: object) -> object:
            return grpc.unary_unary_rpc_method_handler(
                lambda request, context: b"\xff\xff")

    server = grpc.server(futures.ThreadPoolExecutor(1))
    server.add_generic_rpc_handlers((Babbler(),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            with pytest.raises(grpc.RpcError) as caught:
                unary.Method(channel, rpc.GET_INFO)(
                    host_service_pb2.GetInfoRequest())
            assert caught.value.code() is grpc.StatusCode.INTERNAL
    finally:
        server.stop(None).wait()


def test_threads_share_a_method(channel: grpc.Channel) -> None:
    method = unary.Method(channel, rpc.GET_CLOCK)
    answers: list[int] = []

    def call() -> None:
        for _ in range(100):
            answers.append(
                method(host_service_pb2.GetClockRequest()).monotonic_ns)

    threads = [threading.Thread(target=call) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 400
