"""Where this package was installed from, so that its extras are installed from there, too."""

from __future__ import annotations

import json
import shlex
from importlib.metadata import PackageNotFoundError, distribution

NAME = "fast-lambda-layer"


def extra(name: str) -> str:
    """Return the requirement that installs an extra beside this package, as one word of a shell."""
    try:
        direct_url = distribution(NAME).read_text("direct_url.json")
    except PackageNotFoundError:
        direct_url = None
    return shlex.quote(requirement(name, direct_url))


def requirement(name: str, direct_url: str | None) -> str:
    """Return the requirement of an extra; ``direct_url`` is the file of that name, None without.

    A package that did not come from an index has one. Source: PyPA specifications, "Recording the
    Direct URL Origin of installed distributions".
    """
    wanted = f"{NAME}[{name}]"
    try:
        origin = json.loads(direct_url or "{}")
        version_control = origin.get("vcs_info")
        if version_control:
            place = f"{version_control['vcs']}+{origin['url']}@{version_control['commit_id']}"
        else:
            place = origin["url"]
    except (ValueError, AttributeError, KeyError, TypeError):
        return wanted
    return f"{wanted} @ {place}"
