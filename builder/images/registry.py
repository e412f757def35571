"""A registry of images, by its HTTP API: manifests and blobs, each checked by its digest.

Sources of the facts: the OCI distribution specification 1.1 (endpoints, uploads, error codes);
Docker's "Token Authentication Specification"; Amazon ECR user guide, "Using HTTP API
authentication" (Basic, with a token of GetAuthorizationToken).
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote, urlencode, urljoin, urlsplit

from builder.documents import Extensible, Malformed, read_json, typed
from builder.images.elsewhere import LOOPBACK, may_go, opener_for
from builder.images.errors import RegistryError
from builder.images.manifest import INDEXES, MANIFESTS, Descriptor, digest_of
from builder.images.reference import Reference
from builder.room import is_full

SECONDS = 60.0
"""Without a byte for so long a connection is dead."""
PAUSES = (1.0, 3.0, 10.0)
"""Seconds before another try of what may pass."""
PASSING = {408, 425, 429, 500, 502, 503, 504}
LARGEST_DOCUMENT = 4 << 20
"""Bytes of a manifest that registries must take (OCI distribution specification, "Pushing
Manifests"); no configuration of an image is larger, either."""
BLOCK = 1 << 20
T = TypeVar("T")

WORD = re.compile(r"[\x21-\x7e]+")
CHALLENGE = re.compile(r'(\w+)="([^"]*)"')


@dataclass(frozen=True)
class Document:
    """A manifest or an index, as it is in the registry."""

    content: bytes
    media_type: str

    @property
    def digest(self) -> str:
        """Its digest."""
        return digest_of(self.content)


@dataclass(frozen=True)
class _Answer:
    status: int
    headers: Mapping[str, str]
    content: bytes


@dataclass(frozen=True)
class _Token(Extensible):
    token: str = ""
    access_token: str = ""


class _Passing(Exception):
    """A try has failed, and another one may not."""


class Registry:
    """One registry, as one caller: ``login`` is ``user:password``, "" for anyone.

    ``url`` is where it is, unless that follows from its name: over HTTPS, on loopback over HTTP.
    """

    def __init__(
        self,
        name: str,
        *,
        login: str = "",
        url: str = "",
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self.name = name
        self._url = (url or f"{'http' if LOOPBACK.fullmatch(name) else 'https'}://{name}").rstrip(
            "/"
        )
        self._opener = opener_for(self._url)
        self._login = login
        self._sleep = sleep
        self._tokens: dict[str, str] = {}

    def manifest(self, image: Reference) -> Document | None:
        """Return the manifest or the index of an image, None where there is none."""
        answer = self._patiently(
            "GET",
            f"/v2/{image.repository}/manifests/{image.version}",
            headers={"Accept": ", ".join((*INDEXES, *MANIFESTS))},
            expected=(200, 404),
        )
        if answer.status == 404:
            if "NAME_UNKNOWN" in answer.content.decode("utf-8", "replace"):
                raise _no_repository(image)
            return None
        kind = answer.headers.get("content-type", "").partition(";")[0].strip()
        found = Document(answer.content, kind)
        if image.digest and found.digest != image.digest:
            raise _other_bytes(str(image), found.digest)
        return found

    def document(self, repository: str, wanted: Descriptor) -> bytes:
        """Return a small blob, such as an image's configuration."""
        if wanted.size > LARGEST_DOCUMENT:
            raise _too_large(f"{self.name}/{repository}@{wanted.digest}")
        path = f"/v2/{repository}/blobs/{wanted.digest}"
        content = self._patiently("GET", path).content
        if digest_of(content) != wanted.digest:
            raise _other_bytes(f"{self.name}/{repository}@{wanted.digest}", digest_of(content))
        return content

    def has(self, repository: str, digest: str) -> bool:
        """Whether a blob is there."""
        path = f"/v2/{repository}/blobs/{digest}"
        return self._patiently("HEAD", path, expected=(200, 404)).status == 200

    def download(self, repository: str, wanted: Descriptor, into: Path) -> None:
        """Write a blob to a file; nothing else than the bytes of its digest comes through."""
        path = f"/v2/{repository}/blobs/{wanted.digest}"

        def fetch() -> None:
            sha256, size = hashlib.sha256(), 0
            with closing(self._open("GET", self._url + path)) as answer, into.open("wb") as out:
                if answer.status in PASSING:
                    raise _Passing(f"status {answer.status}")
                if answer.status != 200:
                    raise self._refused("GET", path, _answer(answer))
                while block := answer.read(BLOCK):
                    size += len(block)
                    if size > wanted.size:
                        break
                    sha256.update(block)
                    out.write(block)
            if size != wanted.size or f"sha256:{sha256.hexdigest()}" != wanted.digest:
                raise _Passing(f"{size} bytes came, and not those of {wanted.digest}")

        self._retried(f"GET {path}", fetch)

    def upload(self, repository: str, digest: str, content: Path | bytes) -> bool:
        """Put a blob there unless it is there; return whether it was put.

        A try that breaks off leaves nothing; the next one begins with a look.
        """
        begin = f"/v2/{repository}/blobs/uploads/"
        size = len(content) if isinstance(content, bytes) else content.stat().st_size
        put = False

        def send() -> None:
            nonlocal put
            if self.has(repository, digest):
                return
            started = self._ask("POST", begin, expected=(201, 202), headers={"Content-Length": "0"})
            place = self._next(started, begin)
            kind = {"Content-Type": "application/octet-stream", "Content-Length": str(size)}
            try:
                # ECR answers with 201 where the specification has 202 (jdx/mise, #11376).
                taken = self._ask("PATCH", place, kind, content, expected=(201, 202, 204))
                place = self._next(taken, place)
                place += ("&" if "?" in place else "?") + urlencode({"digest": digest})
                self._ask("PUT", place, {"Content-Length": "0"}, expected=(201, 202, 204))
            except RegistryError:
                # ECR refuses what another has put there meanwhile (API reference,
                # CompleteLayerUpload, LayerAlreadyExistsException).
                if self.has(repository, digest):
                    return
                raise
            put = True

        self._retried(f"PUT {self.name}/{repository}@{digest}", send)
        return put

    def put_manifest(self, image: Reference, document: Document) -> None:
        """Give a manifest its tag; raise RegistryError where the tag is taken and stays."""
        path = f"/v2/{image.repository}/manifests/{image.tag}"
        headers = {"Content-Type": document.media_type}
        answer = self._patiently("PUT", path, headers=headers, body=document.content)
        said = answer.headers.get("docker-content-digest", document.digest)
        if said != document.digest:
            raise _other_bytes(str(image), said)

    def _next(self, answer: _Answer, before: str) -> str:
        """Return where an upload goes on; never at another host, which would get our login."""
        # ECR answers with its own name, wherever it was reached.
        place = urlsplit(urljoin(urljoin(self._url, before), answer.headers.get("location", "")))
        query = f"?{place.query}" if place.query else ""
        return f"{self._url}/{place.path.lstrip('/')}{query}"

    def _patiently(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] = {},
        body: bytes | None = None,
        expected: tuple[int, ...] = (200, 201),
    ) -> _Answer:
        return self._retried(
            f"{method} {path}", lambda: self._ask(method, path, headers, body, expected=expected)
        )

    def _retried(self, what: str, attempt: Callable[[], T]) -> T:
        for pause in (*PAUSES, None):
            try:
                return attempt()
            except (_Passing, OSError, ValueError, http.client.HTTPException) as error:
                # A ValueError: what it sends as a URL is none.
                if is_full(error):
                    raise
                if pause is None:
                    raise _unreachable(self.name, what, error) from error
                self._sleep(pause)
        raise AssertionError("the last pause is None")

    def _ask(
        self,
        method: str,
        place: str,
        headers: Mapping[str, str] = {},
        body: bytes | Path | None = None,
        *,
        expected: tuple[int, ...] = (200,),
    ) -> _Answer:
        """Ask once; raise RegistryError for a refusal, _Passing for what another try may change."""
        with closing(self._open(method, urljoin(self._url, place), headers, body)) as opened:
            # A redirected HEAD is a GET in urllib; whatever comes is not read.
            answer = _answer(opened, reads=method != "HEAD")
        if answer.status in expected:
            return answer
        if answer.status in PASSING:
            raise _Passing(f"status {answer.status}")
        raise self._refused(method, place, answer)

    def _open(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] = {},
        body: bytes | Path | None = None,
    ) -> Any:
        """Return the answer, once logged in if the registry asks for that."""
        answer = self._sent(method, url, headers, body, self._authorization(url))
        if answer.status != 401:
            return answer
        with closing(answer):
            challenge = answer.headers.get("WWW-Authenticate", "")
            authorization = self._log_in(challenge)
            if not authorization:
                raise self._refused(method, urlsplit(url).path, _answer(answer))
        self._tokens[_repository(url)] = authorization
        return self._sent(method, url, headers, body, authorization)

    def _authorization(self, url: str) -> str:
        """Return what is known to be asked for at once."""
        return self._tokens.get(_repository(url), "")

    def _log_in(self, challenge: str) -> str:
        """Return the header that answers a challenge, "" where there is none.

        Raise ValueError for one whose realm is no URL.
        """
        basic = f"Basic {base64.b64encode(self._login.encode()).decode()}" if self._login else ""
        kind, _, rest = challenge.partition(" ")
        if kind.lower() == "basic":
            return basic
        asked = dict(CHALLENGE.findall(rest))
        realm = asked.pop("realm", "")
        if kind.lower() != "bearer" or not may_go(realm, self._url):
            return ""
        place = urlsplit(realm)
        query = urlencode({key: asked[key] for key in ("service", "scope") if key in asked})
        url = f"{realm}{'&' if place.query else '?'}{query}"
        # As anyone: the login is for the registry alone.
        with closing(self._sent("GET", url, {}, None, "")) as answer:
            found = _answer(answer)
        if found.status in PASSING:
            raise _Passing(f"status {found.status} of {place.netloc}")
        try:
            document = typed(_Token, read_json(found.content))
        except Malformed:
            return ""
        token = document.token or document.access_token
        return f"Bearer {token}" if WORD.fullmatch(token) else ""

    def _sent(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | Path | None,
        authorization: str,
    ) -> Any:
        content = body.open("rb") if isinstance(body, Path) else body
        request = urllib.request.Request(url, content, dict(headers), method=method)  # noqa: S310 - https, or http on loopback
        if authorization:
            # Where it redirects to (a bucket) has a signature in the URL, and must not get this.
            request.add_unredirected_header("Authorization", authorization)
        try:
            return self._opener.open(request, timeout=SECONDS)
        except urllib.error.HTTPError as error:
            return error
        finally:
            if content is not None and not isinstance(content, bytes):
                content.close()

    def _refused(self, method: str, path: str, answer: _Answer) -> RegistryError:
        said = " ".join(answer.content.decode("utf-8", "replace").split())[:500]
        expected, fix = "an answer without an error", "the message is the registry's own"
        if answer.status in (401, 403):
            expected = "a login that may do this"
            fix = "for ECR: log in to AWS, with the rights that docs/permissions.md lists"
        elif "TAG_INVALID" in said or "immutable" in said:
            expected = "a tag that is not used yet, as tags of the repository stay what they are"
            fix = "choose another tag"
        elif answer.status == 404:
            expected = "a repository, and images, that are there"
            fix = "correct the name, or apply the stack that makes the repository"
        return RegistryError(
            f"the registry refuses {method} with status {answer.status}: {said}",
            where=f"{self.name}, {urlsplit(path).path}",
            expected=expected,
            fix=fix,
        )


def _answer(opened: Any, *, reads: bool = True) -> _Answer:
    content = opened.read(LARGEST_DOCUMENT + 1) if reads else b""
    if len(content) > LARGEST_DOCUMENT:
        raise _too_large(opened.url)
    headers = {name.lower(): value for name, value in opened.headers.items()}
    return _Answer(opened.status, headers, content)


def _repository(url: str) -> str:
    """Return the repository that a URL is about: what a token is for."""
    found = re.match(r"/v2/(.+)/(blobs|manifests)/", urlsplit(url).path)
    return found[1] if found else ""


def _no_repository(image: Reference) -> RegistryError:
    return RegistryError(
        f"there is no repository {image.repository!r}",
        where=image.registry,
        expected="a repository that is there: a push makes none",
        fix="apply the stack that makes it, or correct the name",
    )


def _other_bytes(where: str, digest: str) -> RegistryError:
    return RegistryError(
        f"the registry has sent, or taken, {digest}",
        where=where,
        expected="the bytes of the digest that was asked for",
        fix="run it again; if it stays, something on the way changes what passes",
    )


def _too_large(where: str) -> RegistryError:
    return RegistryError(
        f"a document has more than {LARGEST_DOCUMENT:,} bytes",
        where=where,
        expected="a manifest or a configuration of an image",
        fix="choose another base",
    )


def _unreachable(name: str, what: str, error: Exception) -> RegistryError:
    reason = getattr(error, "reason", error)
    return RegistryError(
        f"the registry does not answer as it should: {reason}",
        where=f"{name}, {quote(what, safe=' /:@')}",
        expected=f"an answer within {len(PAUSES) + 1} tries",
        fix="check the network, a proxy (HTTPS_PROXY) and the registry's name, then run it again: "
        "what was uploaded stays",
    )
