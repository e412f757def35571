"""Versions in their normal form: metadata may write 2024.01.05 where a lock has 2024.1.5."""

from __future__ import annotations

import re

VERSION = re.compile(
    r"""v?(?:(?P<epoch>\d+)!)?(?P<release>\d+(?:\.\d+)*)
    (?:[-_.]?(?P<stage>alpha|a|beta|b|preview|pre|rc|c)[-_.]?(?P<pre>\d*))?
    (?:-(?P<short>\d+)|[-_.]?(?P<after>post|rev|r)[-_.]?(?P<post>\d*))?
    (?:[-_.]?(?P<work>dev)[-_.]?(?P<dev>\d*))?
    (?:\+(?P<local>[a-z0-9]+(?:[-_.][a-z0-9]+)*))?""",
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
STAGES = {"alpha": "a", "beta": "b", "c": "rc", "pre": "rc", "preview": "rc"}


def normalized(version: str) -> str:
    """Return a version as locks and indexes write it; what is none comes back as it is.

    (PyPA, "Version specifiers", section "Normalization".)
    """
    found = VERSION.fullmatch(version.strip())
    if found is None:
        return version
    part = {name: (text or "").lower() for name, text in found.groupdict().items()}
    epoch, pre, post, dev = (int(part[name] or 0) for name in ("epoch", "pre", "post", "dev"))
    said = f"{epoch}!" if epoch else ""
    said += ".".join(str(int(number)) for number in part["release"].split("."))
    if part["stage"]:
        said += f"{STAGES.get(part['stage'], part['stage'])}{pre}"
    if part["short"] or part["after"]:
        said += f".post{int(part['short'] or post)}"
    if part["work"]:
        said += f".dev{dev}"
    words = re.split("[-_.]", part["local"]) if part["local"] else []
    local = ".".join(str(int(word)) if word.isdigit() else word for word in words)
    return f"{said}+{local}" if local else said
