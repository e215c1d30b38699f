"""TLS between two hosts, with a certificate that is made for it."""

import concurrent.futures
import ssl
import subprocess
import tempfile

from standoff.lab import Lab


class Tls:
    """TLS over a connected socket, remote or not."""

    def __init__(self, sock, context, **options):
        self.sock = sock
        self.received, self.to_send = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.received, self.to_send, **options)
        self.perform(self.tls.do_handshake)

    def perform(self, call, *args):
        """Calls a method of `tls`; sends and receives what it needs for it."""
        while True:
            try:
                return call(*args)
            except ssl.SSLWantReadError:
                pass
            finally:
                if self.to_send.pending:
                    self.sock.sendall(self.to_send.read())
            if data := self.sock.recv(65536):
                self.received.write(data)
            else:
                self.received.write_eof()


def serve(sock, context):
    with sock:
        server = Tls(sock, context, server_side=True)
        request = server.perform(server.tls.read, 100)
        server.perform(server.tls.write, request.upper())


with (tempfile.NamedTemporaryFile() as pem, Lab(["left", "right"]) as lab,
      concurrent.futures.ThreadPoolExecutor() as pool):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes",
                    "-subj", "/CN=right", "-addext", "subjectAltName=DNS:right",
                    "-keyout", pem.name, "-out", pem.name],
                   check=True, capture_output=True)
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(pem.name)
    trusting = ssl.create_default_context(cafile=pem.name)

    left, right = lab.connect("left"), lab.connect("right")
    listener = right.create_server((lab.address("right"), 0))
    sock = left.create_connection(listener.getsockname())
    served = pool.submit(serve, listener.accept()[0], serving)
    client = Tls(sock, trusting, server_hostname="right")
    client.perform(client.tls.write, b"hello")
    print(client.tls.version(), client.perform(client.tls.read, 100))
    served.result()
