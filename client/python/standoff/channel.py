"""How to reach a daemon: its address, TLS, and the channel's settings."""

from __future__ import annotations

import dataclasses
import os
import re
from typing import Union

import grpc

from standoff import errors


@dataclasses.dataclass(frozen=True)
class Credentials:
    """Files for TLS, in PEM format.

    Attributes:
      ca: certificates of the authorities that may sign the daemon's
        certificate; none for the system's.
      certificate: this client's certificate, for a daemon that asks for one
        (mutual TLS).
      key: its private key. Both or neither.
    """

    ca: str | os.PathLike[str] | None = None
    certificate: str | os.PathLike[str] | None = None
    key: str | os.PathLike[str] | None = None

    def load(self) -> grpc.ChannelCredentials:
        """Reads the files. HarnessError if one can't be used."""
        if (self.certificate is None) != (self.key is None):
            raise errors.HarnessError(
                "TLS: a client certificate and its key go together"
            )
        return grpc.ssl_channel_credentials(
            root_certificates=_read_pem(self.ca, "CERTIFICATE"),
            private_key=_read_pem(self.key, "PRIVATE KEY"),
            certificate_chain=_read_pem(self.certificate, "CERTIFICATE"),
        )


AnyCredentials = Union[Credentials, grpc.ChannelCredentials, None]

# A daemon whose host is gone sends no FIN: calls must not hang for ever. And
# gRPC's times to try again suit services that are down for minutes, not a
# daemon that is about to listen.
OPTIONS: list[tuple[str, int]] = [
    ("grpc.keepalive_time_ms", 10_000),
    ("grpc.keepalive_timeout_ms", 5_000),
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
    # Else channels of one process to one address share a connection.
    ("grpc.use_local_subchannel_pool", 1),
    # Test hosts are reached directly, whatever the environment says of the web.
    ("grpc.enable_http_proxy", 0),
    ("grpc.initial_reconnect_backoff_ms", 50),
    ("grpc.min_reconnect_backoff_ms", 5_000),
    ("grpc.max_reconnect_backoff_ms", 1_000),
    # A socket call is never made twice.
    ("grpc.enable_retries", 0),
]

_HOST_PORT = re.compile(r"(\[[^\[\]]+\]|[^\[\]:]+):([0-9]{1,5})")


def check_address(address: str) -> None:
    """HarnessError unless the address is HOST:PORT or unix:PATH."""
    if address.startswith("unix:"):
        if len(address) > len("unix:"):
            return
    elif match := _HOST_PORT.fullmatch(address):
        if 0 < int(match[2]) <= 65535:
            return
    raise errors.HarnessError(
        f"{address!r} is no address of a daemon: give HOST:PORT, with an IPv6 "
        "literal in brackets and a port from 1 to 65535, or unix:PATH"
    )


def load_credentials(
    address: str, credentials: AnyCredentials
) -> grpc.ChannelCredentials | None:
    """What gRPC takes; None for a plain channel, as on any Unix socket."""
    if credentials is None or address.startswith("unix:"):
        return None
    if isinstance(credentials, Credentials):
        return credentials.load()
    return credentials


def _read_pem(path: str | os.PathLike[str] | None, kind: str) -> bytes | None:
    if path is None:
        return None
    try:
        with open(path, "rb") as file:
            content = file.read()
    except OSError as error:
        raise errors.HarnessError(
            f"TLS: can't read {os.fspath(path)}: {error.strerror}"
        ) from None
    # gRPC would only log it, and never connect.
    if f"{kind}-----".encode() not in content:
        raise errors.HarnessError(
            f"TLS: {os.fspath(path)} has no PEM block of kind {kind}"
        )
    return content
