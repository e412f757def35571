"""The unzipped sizes of layer versions, as far as they can be known: those that we released."""

from __future__ import annotations

import threading

from builder.errors import LayerError
from builder.layer.layer import Layer
from builder.layer.records import Records


class UnzippedSizes:
    """Looks sizes up in the records of the application's layers, each record once."""

    def __init__(self, layer: Layer) -> None:
        self._store = layer.services.store
        self._own = {layer.site.layer_name: layer.name}
        self._prefix = f"{layer.app}-"
        self._known: dict[str, dict[str, int]] = {}
        self._lock = threading.Lock()

    def __call__(self, layer_arn: str) -> int | None:
        """Return the bytes that a layer version has unzipped, None when we did not release it."""
        name = layer_arn.split(":")[6]
        if not name.startswith(self._prefix) and name not in self._own:
            return None
        with self._lock:
            if name not in self._known:
                layer = self._own.get(name) or name.removeprefix(self._prefix)
                self._known[name] = self._sizes(layer, layer_arn.rpartition(":")[0])
            return self._known[name].get(layer_arn)

    def _sizes(self, layer: str, layer_arn: str) -> dict[str, int]:
        try:
            record = Records(self._store, layer, layer_arn=layer_arn).load()
        except LayerError:
            return {}  # the size is only for a warning
        known = record.all_releases if record else ()
        return {release.layer_arn: release.unzipped_size for release in known}
