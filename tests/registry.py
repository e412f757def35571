"""A registry on loopback: logins, immutable tags, redirects, and connections that break."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import re
import tarfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.serving import serving

PATH = re.compile(r"/v2/(?P<name>.+)/(?P<kind>blobs/uploads|blobs|manifests)/(?P<what>[^/]*)")
INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
TOKEN = "a-token"

Answer = tuple[int, dict[str, str], bytes] | None


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


class Registry:
    """What a registry holds and does.

    ``auth`` is "", "bearer" or the login for Basic; ``breaks`` is how many answers to an upload or
    a download get lost, ``busy`` how many requests are refused for the moment; ``bucket`` is where
    blobs are redirected to, ``sends_to`` any address that they are; ``token`` and ``realm`` what a
    login gets, ``taken`` the status of a part that was uploaded, ``place`` where uploads go on.
    ``before`` is done once, when a manifest is about to be put.
    """

    def __init__(self, *, auth: str = "", immutable: bool = True) -> None:
        self.auth = auth
        self.immutable = immutable
        self.breaks = 0
        self.busy = 0
        self.bucket: Registry | None = None
        self.token = json.dumps({"token": TOKEN}).encode()
        self.realm = ""
        self.taken = 202
        self.sends_to = ""
        self.place = ""
        self.before: Callable[[], object] | None = None
        self.repositories: set[str] = set()
        self.blobs: dict[tuple[str, str], bytes] = {}
        self.manifests: dict[tuple[str, str], tuple[str, bytes]] = {}
        self.uploads: dict[str, bytes] = {}
        self.asked: list[tuple[str, str, str]] = []
        self.lock = threading.Lock()
        self.host = ""

    @contextmanager
    def serving(self) -> Iterator[Registry]:
        """Serve it on a free port."""
        handler = type("Bound", (_Handler,), {"registry": self})
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.host = f"127.0.0.1:{server.server_address[1]}"
        with serving(server):
            yield self

    def put(self, name: str, content: bytes) -> dict[str, Any]:
        """Put a blob there; return its descriptor, less its type."""
        self.repositories.add(name)
        self.blobs[name, digest_of(content)] = content
        return {"digest": digest_of(content), "size": len(content)}

    def tag(self, name: str, tag: str, document: Any, kind: str = MANIFEST) -> str:
        """Give a document a tag; return its digest."""
        self.repositories.add(name)
        content = json.dumps(document).encode()
        self.manifests[name, tag] = self.manifests[name, digest_of(content)] = (kind, content)
        return digest_of(content)

    def image(
        self,
        name: str,
        tag: str,
        *,
        files: dict[str, bytes],
        architecture: str = "amd64",
        variables: tuple[str, ...] = (),
    ) -> str:
        """Make an image of one layer; return the digest of its manifest."""
        tar = tar_of(files)
        layer = self.put(name, gzip.compress(tar, mtime=0))
        config = {
            "architecture": architecture,
            "os": "linux",
            "config": {"Env": ["PATH=/usr/bin:/bin", *variables], "Cmd": ["python3"]},
            "rootfs": {"type": "layers", "diff_ids": [digest_of(tar)]},
            "history": [{"created_by": "base"}],
        }
        described = self.put(name, json.dumps(config).encode())
        return self.tag(
            name,
            tag,
            {
                "schemaVersion": 2,
                "mediaType": MANIFEST,
                "config": {"mediaType": CONFIG, **described},
                "layers": [{"mediaType": LAYER, **layer}],
            },
        )

    def index(self, name: str, tag: str, *, files: dict[str, bytes]) -> None:
        """Make an image for both architectures."""
        manifests = []
        for architecture in ("amd64", "arm64"):
            own = {**files, "machine": architecture.encode()}
            digest = self.image(name, f"{tag}-{architecture}", files=own, architecture=architecture)
            platform = {"os": "linux", "architecture": architecture}
            size = len(self.manifests[name, digest][1])
            described = {"mediaType": MANIFEST, "digest": digest, "size": size}
            manifests.append({**described, "platform": platform})
        self.tag(name, tag, {"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests}, INDEX)

    def files(self, name: str, tag: str) -> dict[str, bytes]:
        """Return the files of an image, layer upon layer, as a container would see them."""
        document = json.loads(self.manifests[name, tag][1])
        config = json.loads(self.blobs[name, document["config"]["digest"]])
        found: dict[str, bytes] = {}
        for layer, diff_id in zip(document["layers"], config["rootfs"]["diff_ids"], strict=True):
            content = self.blobs[name, layer["digest"]]
            assert len(content) == layer["size"]
            tar = gzip.decompress(content)
            assert digest_of(tar) == diff_id
            with tarfile.open(fileobj=io.BytesIO(tar)) as opened:
                for member in opened:
                    file = opened.extractfile(member)
                    if file is not None:
                        found[member.name] = file.read()
        return found

    def config(self, name: str, tag: str) -> Any:
        """Return the configuration of an image."""
        document = json.loads(self.manifests[name, tag][1])
        return json.loads(self.blobs[name, document["config"]["digest"]])


def tar_of(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return out.getvalue()


class _Handler(BaseHTTPRequestHandler):
    registry: Registry
    protocol_version = "HTTP/1.1"
    timeout = 30

    def log_message(self, *_: Any) -> None:
        pass

    def do_GET(self) -> None:
        self.serve()

    def do_HEAD(self) -> None:
        self.serve()

    def do_POST(self) -> None:
        self.serve()

    def do_PATCH(self) -> None:
        self.serve()

    def do_PUT(self) -> None:
        self.serve()

    def serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        authorization = self.headers.get("Authorization", "")
        with self.registry.lock:
            self.registry.asked.append((self.command, self.path, authorization))
            answer = self.answer(body, authorization)
        if answer is None:
            self.close_connection = True
            return
        status, headers, content = answer
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            # Who asked may have read enough, or be gone.
            with suppress(BrokenPipeError, ConnectionResetError):
                self.wfile.write(content)

    def answer(self, body: bytes, authorization: str) -> Answer:
        registry = self.registry
        url = urlsplit(self.path)
        if url.path == "/token":
            asked = parse_qs(url.query)
            assert asked["scope"][0].endswith(":pull")
            return 200, {}, registry.token
        if registry.busy:
            registry.busy -= 1
            return 503, {}, b""
        wanted = ""
        if registry.auth == "bearer":
            wanted = f"Bearer {TOKEN}"
        elif registry.auth:
            wanted = f"Basic {base64.b64encode(registry.auth.encode()).decode()}"
        found = PATH.fullmatch(url.path)
        assert found is not None, self.path
        name, kind, what = found["name"], found["kind"], found["what"]
        if wanted and authorization != wanted:
            asked_for = 'Basic realm="here"'
            if registry.auth == "bearer":
                realm = registry.realm or f"http://{registry.host}/token"
                asked_for = f'Bearer realm="{realm}",service="s",scope="repository:{name}:pull"'
            return 401, {"WWW-Authenticate": asked_for}, b""
        if name not in registry.repositories:
            return error(404, "NAME_UNKNOWN", f"no repository {name}")
        kinds = {"blobs": self.blobs, "manifests": self.manifests}
        return kinds.get(kind, self.blobs_uploads)(name, what, body)

    def manifests(self, name: str, what: str, body: bytes) -> Answer:
        known = self.registry.manifests
        if self.command == "PUT":
            before, self.registry.before = self.registry.before, None
            if before is not None:
                before()
            if self.registry.immutable and (name, what) in known and known[name, what][1] != body:
                return error(400, "TAG_INVALID", f"the tag {what} is immutable")
            document = json.loads(body)
            for each in (document["config"], *document["layers"]):
                if len(self.registry.blobs.get((name, each["digest"]), b"")) != each["size"]:
                    return error(400, "MANIFEST_BLOB_UNKNOWN", each["digest"])
            kind = self.headers["Content-Type"]
            known[name, what] = known[name, digest_of(body)] = (kind, body)
            return 201, {"Docker-Content-Digest": digest_of(body)}, b""
        if (name, what) not in known:
            return error(404, "MANIFEST_UNKNOWN", what)
        kind, content = known[name, what]
        return 200, {"Content-Type": kind}, content

    def blobs(self, name: str, what: str, body: bytes) -> Answer:
        if (name, what) not in self.registry.blobs:
            return error(404, "BLOB_UNKNOWN", what)
        if self.registry.sends_to:
            return 307, {"Location": self.registry.sends_to}, b""
        if self.registry.bucket is not None:
            place = f"http://{self.registry.bucket.host}/v2/{name}/blobs/{what}"
            return 307, {"Location": place}, b""
        if self.command == "GET" and self.registry.breaks:
            self.registry.breaks -= 1
            return None
        return 200, {}, self.registry.blobs[name, what]

    def blobs_uploads(self, name: str, what: str, body: bytes) -> Answer:
        uploads = self.registry.uploads
        if self.command == "POST":
            what = f"upload-{len(uploads)}"
            uploads[what] = b""
            place = self.registry.place or f"/v2/{name}/blobs/uploads/{what}"
            return 202, {"Location": place}, b""
        if self.command == "PATCH":
            if self.registry.breaks:
                self.registry.breaks -= 1
                return None
            uploads[what] += body
            place = f"/v2/{name}/blobs/uploads/{what}?state=1"
            return self.registry.taken, {"Location": place}, b""
        digest = parse_qs(urlsplit(self.path).query)["digest"][0]
        if digest_of(uploads[what]) != digest:
            return error(400, "DIGEST_INVALID", digest)
        self.registry.blobs[name, digest] = uploads[what]
        return 201, {}, b""


def error(status: int, code: str, message: str) -> Answer:
    return status, {}, json.dumps({"errors": [{"code": code, "message": message}]}).encode()
