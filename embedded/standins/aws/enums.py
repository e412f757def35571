"""Checks of values against AWS's own lists.

The real provider checks against the enumerations of its AWS SDK; botocore's service models are the
same lists (of another day, so a very new value may be known to one and not to the other).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import botocore.session

from embedded.standins.checks import Check, one_of
from embedded.standins.errors import ProviderError
from embedded.standins.values import UNKNOWN, State


@cache
def values(service: str, shape: str) -> tuple[str, ...]:
    """Return the values of an enumeration in a service's model."""
    model = botocore.session.Session().get_service_model(service)
    found: Any = model.shape_for(shape)  # a StringShape, which alone has an enum
    return tuple(found.enum)


def enum(path: str, service: str, shape: str) -> Check:
    """Allow only values of the enumeration."""

    # Reading a model takes a while, so it waits for a configuration.
    def check(config: State) -> Iterator[ProviderError]:
        if config.get(path.partition(".")[0]) not in (None, []):
            yield from one_of(path, *values(service, shape))(config)

    return check


def unserved(*names: str) -> Check:
    """Refuse arguments that the real provider has and the stand-in does not.

    One that is not known yet may be null: it is looked at again when it is known.
    """

    def check(config: State) -> Iterator[ProviderError]:
        for name in names:
            if config.get(name) not in (None, [], UNKNOWN):
                yield ProviderError(
                    f"The stand-in for hashicorp/aws does not serve {name}",
                    "Use the real provider for this configuration.",
                    path=(name,),
                )

    return check
