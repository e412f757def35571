"""Where a registry may send its client: to itself, or over TLS to another machine.

A registry answers with addresses: of its login, of an upload's next part, of the bucket that has a
blob. Whoever runs it must not make us read a file, or ask a service that only this machine reaches.
"""

from __future__ import annotations

import re
import urllib.request
from http.client import HTTPMessage
from ipaddress import ip_address
from typing import IO
from urllib.parse import urlsplit

from builder.images.errors import RegistryError

LOOPBACK = re.compile(r"(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?")
"""Names of registries that are asked without TLS."""


def may_go(url: str, registry: str) -> bool:
    """Whether a registry, known by its URL, may send us to another one.

    Raise ValueError for what is none.
    """
    place, home = urlsplit(url), urlsplit(registry)
    if place.scheme not in ("http", "https") or "@" in place.netloc or not place.hostname:
        return False
    if (place.scheme, place.netloc) == (home.scheme, home.netloc):
        return True
    if is_here(place.hostname):
        return is_here(home.hostname or "")
    # A machine that TLS does not vouch for may be any, be it one of this network.
    return place.scheme == "https"


def is_here(host: str) -> bool:
    """Whether a host's name or address can only mean this machine or its link."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified or address.is_link_local


def opener_for(registry: str) -> urllib.request.OpenerDirector:
    """Return what opens URLs of HTTP and HTTPS, and follows a registry where it may send us."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.UnknownHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        _Redirects(registry),
    ):
        opener.add_handler(handler)
    return opener


class _Redirects(urllib.request.HTTPRedirectHandler):
    def __init__(self, registry: str) -> None:
        self._registry = registry

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        try:
            self._check(newurl, urlsplit(req.full_url).path)
        except (RegistryError, ValueError):
            fp.close()
            raise
        return super().redirect_request(req, fp, code, msg, headers, newurl)

    def _check(self, url: str, path: str) -> None:
        if may_go(url, self._registry):
            return
        place = urlsplit(url)
        raise RegistryError(
            f"the registry redirects to {place.scheme}://{place.hostname}"[:300],
            where=f"{urlsplit(self._registry).netloc}, {path}",
            expected="an address of its own, or one of another machine over HTTPS",
            fix="use another registry, or tell whoever runs this one",
        )
