"""The statuses of a layer: in a plan, in `lambda-layer status` and `watch`, of the publisher."""

from __future__ import annotations

# What a plan says: what the next apply will do (docs/protocol.md).

CURRENT = "current"
"""Published from these sources: there is nothing to do."""

STALE = "stale"
"""The sources have changed since the release."""

MISSING = "missing"
"""There is no release, or the one that the record names is gone."""

FORCED = "forced"
"""A rebuild is asked for, whatever is there."""

BUILDING = "building"
"""A build is under way."""

FAILED = "failed"
"""The last build has failed."""

UNMOVED = "unmoved"
"""Published, and functions that should be on it are not: the next apply moves them."""

UNSHARED = "unshared"
"""Published, and not shared or named by its parameter as it should be: the next apply does that."""

PINNED = "pinned"
"""An earlier release is in use until the layer is unpinned."""

INVALID = "invalid"
"""The spec, the sources or the record cannot be used."""

AT_REST = (CURRENT, PINNED)
"""What needs no apply; its release is known at plan."""

NO_BUILD = (UNMOVED, UNSHARED)
"""What needs an apply, which builds nothing."""

# `lambda-layer status`, which reads no sources, says one of the above, or:

PUBLISHED = "published"
"""There is a release; also the last stage of a release that is watched."""

PUBLISHING = "publishing"
"""It is built, and not published yet."""

# A release that is watched is building, publishing, published or failed, or:

WAITING = "waiting"
"""No build has begun yet."""

# The publisher function answers that a layer is building or failed, or:

RELEASED = "released"
"""It has finished the release."""

IGNORED = "ignored"
"""The event asks for nothing."""
