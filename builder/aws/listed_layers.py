"""The layers of an account of which many are looked at within a moment: they are listed once."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from itertools import islice
from threading import Lock

from builder.aws.layers import Layers
from builder.aws.session import Session, explained
from builder.errors import LayerError

log = logging.getLogger(__name__)

PAGE = 50
"""Layers in a page, at most (AWS Lambda API reference, ListLayers)."""

WORTH = 5
"""Layers that one page has to spare a call each: others have layers in the account, too."""


class ListedLayers(Layers):
    """The layers of an account and region; what a list says holds as long as this object."""

    def __init__(self, session: Session, names: Iterable[str]) -> None:
        """Take the names of the layers that will be looked at."""
        super().__init__(session)
        self._names = frozenset(names)
        self._listing = Lock()
        self._newest: frozenset[str] | None = None

    def exists(self, arn: str) -> bool:
        """Say whether a version is there; what is no layer's newest is asked for by itself."""
        with self._listing:
            if self._newest is None:
                self._newest = frozenset(self._list())
        return arn in self._newest or super().exists(arn)

    def _list(self) -> Iterable[str]:
        """Return the ARNs of layers' newest versions, as far as they may be listed and it pays."""
        found: set[str] = set()
        missing = set(self._names)
        pages = self._lambda.get_paginator("list_layers").paginate(
            PaginationConfig={"PageSize": PAGE}
        )
        try:
            with explained("lambda:ListLayers", "the layers of the account"):
                for page in islice(pages, max(1, len(missing) // WORTH)):
                    for layer in page.get("Layers", ()):
                        # The API reference says of no field that it is always there.
                        missing.discard(layer.get("LayerName", ""))
                        found.add(layer.get("LatestMatchingVersion", {}).get("LayerVersionArn", ""))
                    if not missing:
                        break
        except LayerError as error:
            log.debug("layers are not listed, so each is asked for by itself: %s", error)
        return found
