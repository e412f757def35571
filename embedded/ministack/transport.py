"""Let loopback count as TLS.

Buckets that demand ``aws:SecureTransport`` would otherwise refuse everybody here, and the stack
would need another bucket policy than on AWS. What TLS protects from does not exist on loopback.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType


def correct(app: ModuleType) -> None:
    """Make ministack judge every request as one that came over TLS."""
    theirs: Callable[[str, bool], None] = app.pin_request_origin

    def pin_request_origin(source_ip: str, _secure_transport: bool) -> None:
        theirs(source_ip, True)

    app.pin_request_origin = pin_request_origin  # type: ignore[attr-defined] # a module
