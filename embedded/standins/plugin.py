"""A provider as a process: go-plugin's handshake, or a server that stays up.

Sources: the documentation of hashicorp/go-plugin ("Writing Plugins Without Go", "Internals") and
Terraform's on debugging providers (TF_REATTACH_PROVIDERS).
"""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeAlias

import grpc
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from tf.gen import grpc_controller_pb2 as controller
from tf.gen import grpc_controller_pb2_grpc as controller_rpc
from tf.gen import grpc_stdio_pb2_grpc as stdio_rpc
from tf.gen import tfplugin_pb2_grpc as rpc

from embedded.processes import collect_seldom
from embedded.standins.catalog import Provider
from embedded.standins.protocol import Servicer

Message: TypeAlias = Any
Server: TypeAlias = Any

# gRPC and the generated modules carry no types.
_grpc: Any = grpc
_rpc: Any = rpc
_controller_rpc: Any = controller_rpc
_stdio_rpc: Any = stdio_rpc

_LARGEST_MESSAGE = 256 << 20
"""Bytes, as much as Terraform itself allows (its MaxMessageSize for plugins)."""


def main(provider: Provider, servicer: Servicer[Any], reattach: int | None = None) -> None:
    """Serve until terraform is done, or until the process that started us is gone.

    ``reattach`` is a descriptor: the server stays up, and writes there where it can be found.
    """
    # Like go-plugin: Ctrl-C is terraform's to handle. A handler, unlike SIG_IGN, is not inherited
    # by the programs that we start.
    signal.signal(signal.SIGINT, lambda _number, _frame: None)
    signal.signal(signal.SIGTERM, _terminate)
    over = threading.Event()
    server = _server(servicer, over.set)
    abandoned = ExitStack()
    abandoned.callback(threading.Event().wait, 0.2)  # the programs that we run are being killed
    abandoned.callback(servicer.interrupt)
    _when_orphaned(abandoned.close)
    if reattach is None and "TF_PLUGIN_MAGIC_COOKIE" not in os.environ:
        sys.exit("This program is a Terraform provider: terraform runs it.")
    with suppress(_Terminated), tempfile.TemporaryDirectory(prefix="tfp-") as folder:
        abandoned.callback(shutil.rmtree, folder, ignore_errors=True)
        if reattach is None:
            _handshake(server, Path(folder, "s"))
        else:
            port = server.add_insecure_port("127.0.0.1:0")
            servicer.prepare()
            collect_seldom()
            server.start()
            with os.fdopen(reattach, "w") as announced:
                announced.write(_where(provider, port))
        over.wait()  # no limit: it ends with its parent
    servicer.interrupt()
    server.stop(grace=0.05).wait(0.2)


class _Terminated(Exception):
    """SIGTERM came."""


def _terminate(_number: int, _frame: object) -> None:
    raise _Terminated


def _server(servicer: Servicer[Any], shut_down: Callable[[], None]) -> Server:
    server = _grpc.server(
        ThreadPoolExecutor(max_workers=32),
        options=[
            ("grpc.max_receive_message_length", _LARGEST_MESSAGE),
            ("grpc.max_send_message_length", _LARGEST_MESSAGE),
        ],
    )
    provider = rpc.ProviderServicer()
    for name in (name for name in vars(rpc.ProviderServicer) if name[0].isupper()):
        method = getattr(servicer, re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower(), None)
        if method:
            vars(provider)[name] = method

    def shutdown(_request: Message, _context: Message) -> Message:
        shut_down()
        return controller.Empty()

    control = controller_rpc.GRPCControllerServicer()
    vars(control)["Shutdown"] = shutdown
    stdio = stdio_rpc.GRPCStdioServicer()
    vars(stdio)["StreamStdio"] = lambda _request, _context: iter(())
    _rpc.add_ProviderServicer_to_server(provider, server)
    _controller_rpc.add_GRPCControllerServicer_to_server(control, server)
    _stdio_rpc.add_GRPCStdioServicer_to_server(stdio, server)
    return server


def _where(provider: Provider, port: int) -> str:
    """Return where the server is, as a line for TF_REATTACH_PROVIDERS.

    TCP, and not a Unix socket, so that each terraform process is a peer of its own.
    """
    where = {
        "Protocol": "grpc",
        "ProtocolVersion": 6,
        "Pid": os.getpid(),
        "Test": True,
        "Addr": {"Network": "tcp", "String": f"127.0.0.1:{port}"},
    }
    return json.dumps({provider.short: where}) + "\n"


def _handshake(server: Server, socket: Path) -> None:
    """Tell terraform where we are and what certificate to expect.

    Terraform also hands over a certificate that its client would show, but it has a P-521 key,
    which gRPC's TLS does not ask for; so what keeps others out is the socket's private folder.
    """
    key, certificate = _self_signed()
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    server.add_secure_port(f"unix:{socket}", _grpc.ssl_server_credentials([(key, pem)]))
    server.start()
    der = certificate.public_bytes(serialization.Encoding.DER)
    _say(f"1|6|unix|{socket}|grpc|{base64.b64encode(der).decode().rstrip('=')}")


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _self_signed() -> tuple[bytes, x509.Certificate]:
    """Make a private key and a certificate for one run."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return pem, certificate


def _when_orphaned(abandon: Callable[[], None]) -> None:
    """Call ``abandon`` when the parent process has ended, however it ended.

    By watching, not by PR_SET_PDEATHSIG: that fires when the *thread* that forked ends, and Go ends
    threads whenever it likes.
    """
    parent = os.getppid()

    def watch() -> None:
        pause = threading.Event()
        while os.getppid() == parent:
            pause.wait(0.25)
        abandon()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
