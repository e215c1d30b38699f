"""TLS: what a connection needs to get in, and what it says when it can't."""

from __future__ import annotations

import contextlib
import os
import pathlib
import subprocess
from typing import Iterator

import pytest
import standoff
from standoff import Credentials

from conftest import BUILT_DAEMON, READY


def openssl(*arguments: str | pathlib.Path) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


class Authority:
    """Signs certificates, in a folder of its own."""

    def __init__(self, folder: pathlib.Path) -> None:
        folder.mkdir()
        self._folder = folder
        self.certificate = folder / "ca.pem"
        openssl(
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1",
            "-subj", "/CN=authority", "-keyout", folder / "ca.key",
            "-out", self.certificate,
        )

    def sign(self, name: str) -> tuple[pathlib.Path, pathlib.Path]:
        """A certificate for 127.0.0.1, and its key."""
        request = self._folder / f"{name}.csr"
        certificate = self._folder / f"{name}.pem"
        key = self._folder / f"{name}.key"
        extensions = self._folder / f"{name}.ext"
        extensions.write_text("subjectAltName=IP:127.0.0.1\n")
        openssl(
            "req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}",
            "-keyout", key, "-out", request,
        )
        openssl(
            "x509", "-req", "-days", "1", "-in", request,
            "-CA", self.certificate, "-CAkey", self._folder / "ca.key",
            "-CAcreateserial", "-extfile", extensions, "-out", certificate,
        )
        return certificate, key


@pytest.fixture(scope="module", name="ours")
def _ours(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls") / "ours")


@pytest.fixture(scope="module", name="others")
def _others(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls") / "others")


@contextlib.contextmanager
def daemon(*flags: str) -> Iterator[str]:
    """The address of a daemon with these flags."""
    binary = os.environ.get("STANDOFFD", str(BUILT_DAEMON))
    with subprocess.Popen(
        [binary, "--listen=127.0.0.1:0", *flags],
        stdout=subprocess.PIPE, text=True,
    ) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline()[len(READY):].strip()
        finally:
            process.terminate()


@pytest.fixture(scope="module", name="address")
def _address(ours: Authority) -> Iterator[str]:
    """Of a daemon that wants a certificate of ours."""
    certificate, key = ours.sign("daemon")
    with daemon(
        f"--tls_cert={certificate}", f"--tls_key={key}",
        f"--tls_client_ca={ours.certificate}",
    ) as address:
        yield address


def test_mutual(address: str, ours: Authority) -> None:
    certificate, key = ours.sign("client")
    credentials = Credentials(ours.certificate, certificate, key)
    with standoff.connect(address, credentials=credentials) as host:
        a, b = host.socketpair()
        a.sendall(b"hello")
        assert b.recv(10) == b"hello"


def test_grpcs_own_credentials(address: str, ours: Authority) -> None:
    certificate, key = ours.sign("client")
    loaded = Credentials(ours.certificate, certificate, key).load()
    with standoff.connect(address, credentials=loaded) as host:
        assert host.info().pid > 0


def refused(address: str, credentials: Credentials | None) -> str:
    """What connect() says."""
    with pytest.raises(standoff.HarnessError) as caught:
        standoff.connect(address, credentials=credentials, timeout=2.0)
    assert not isinstance(caught.value, OSError)
    return str(caught.value)


def test_no_certificate(address: str, ours: Authority) -> None:
    assert address in refused(address, Credentials(ours.certificate))


def test_certificate_of_another_authority(
    address: str, ours: Authority, others: Authority
) -> None:
    certificate, key = others.sign("client")
    refused(address, Credentials(ours.certificate, certificate, key))


def test_daemon_of_another_authority(
    address: str, ours: Authority, others: Authority
) -> None:
    certificate, key = ours.sign("client")
    refused(address, Credentials(others.certificate, certificate, key))


def test_plain_client(address: str) -> None:
    refused(address, None)


def test_unusable_files(ours: Authority, tmp_path: pathlib.Path) -> None:
    address = "127.0.0.1:1"
    missing = tmp_path / "missing.pem"
    assert f"can't read {missing}" in refused(address, Credentials(missing))
    empty = tmp_path / "empty.pem"
    empty.touch()
    assert "no PEM block" in refused(address, Credentials(empty))
    certificate, _ = ours.sign("alone")
    assert "go together" in refused(
        address, Credentials(ours.certificate, certificate)
    )
