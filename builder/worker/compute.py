"""What an error says of the machine, where another one may do better.

CodeBuild's Lambda compute has no root, /tmp only, and images with fewer programs; CodeBuild's own
image for containers is not made of the runtime's (builder/spec/compute.py). An error there that is
not known to be the same everywhere gets a line ``needs:``, which the builder reads.
"""

from __future__ import annotations

import re
from typing import List, Mapping

from .errors import BuildError

VARIABLE = "LAYER_COMPUTE"
"""What the builder gives to builds that another machine may take over (COMPUTE_VARIABLE there)."""

LAMBDA, STANDARD = "lambda", "standard"
"""Its values: Lambda compute, and CodeBuild's own image."""

SIGNS = (
    (r"No space left on device|Disk quota exceeded", "more space than /tmp has on Lambda compute"),
    (r"Cannot allocate memory|MemoryError|\bKilled\b|signal: 9|SIGKILL", "more memory"),
    (
        r"Read-only file system|Permission denied|Operation not permitted|superuser privileges",
        "root, or a place to write to that Lambda compute has not",
    ),
    (
        r"(?:gcc|g\+\+|cc1plus|\bc\+\+|clang|cargo|rustc|cmake|gfortran|\bmake)\b[^\n]*"
        r"(?:No such file|not found|failed)|command not found|fatal error: [^\n]*No such file"
        r"|The build backend returned an error",
        "compilers or headers that Lambda compute has not",
    ),
)
"""What stands in errors of programs that the machine does not suit, and what they need."""

LINES, LINE = 300, 1000
"""How much of an error is looked at: lines, and characters of each."""

OTHERS = "something that Lambda compute may not have"

RUNTIMES_OWN = "the image of the runtime itself"
"""What an error in CodeBuild's own image needs: all that is not a wheel is made and tried there."""


def is_standard(environment: Mapping[str, str]) -> bool:
    """Whether this is CodeBuild's own image, where nothing is built from source."""
    return environment.get(VARIABLE) == STANDARD


def needs(error: BuildError, environment: Mapping[str, str]) -> List[str]:
    """Return the line that says what another machine may have, none when it would be no better."""
    place = environment.get(VARIABLE)
    if place not in (LAMBDA, STANDARD) or error.settled:
        return []
    need = RUNTIMES_OWN if place == STANDARD else _on_lambda(error)
    return [f"  {'needs:':<10}{need}"]


def _on_lambda(error: BuildError) -> str:
    lines = f"{error.what}\n{error.where}".splitlines()[:LINES]
    text = "\n".join(line[:LINE] for line in lines)
    return next((need for sign, need in SIGNS if re.search(sign, text, re.IGNORECASE)), OTHERS)
