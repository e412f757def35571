"""Where this package was installed from, so that its extra is installed from there, too."""

from __future__ import annotations

import json
from importlib.metadata import PackageNotFoundError, distribution

NAME = "fast-lambda-layer"
EXTRA = f"{NAME}[cdktf]"


def extra() -> str:
    """Return the requirement that installs the extra `cdktf` beside this package."""
    try:
        return requirement(distribution(NAME).read_text("direct_url.json"))
    except PackageNotFoundError:
        return EXTRA


def requirement(direct_url: str | None) -> str:
    """Return the requirement of the extra; ``direct_url`` is the file of that name, None without.

    A package that did not come from an index has one. Source: PyPA specifications, "Recording the
    Direct URL Origin of installed distributions".
    """
    try:
        origin = json.loads(direct_url or "{}")
        version_control = origin.get("vcs_info")
        if version_control:
            place = f"{version_control['vcs']}+{origin['url']}@{version_control['commit_id']}"
        else:
            place = origin["url"]
    except (ValueError, AttributeError, KeyError, TypeError):
        return EXTRA
    return f"{EXTRA} @ {place}"
