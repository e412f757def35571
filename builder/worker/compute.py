"""What an error on CodeBuild's Lambda compute says of the machine: would a container do better?

Lambda compute has no root, /tmp only, and images with fewer programs (builder/spec/compute.py). An
error that is not known to be the same everywhere gets a line ``needs:``, which the builder reads.
"""

from __future__ import annotations

import re
from typing import List, Mapping

from .errors import BuildError

VARIABLE = "LAYER_COMPUTE"
"""What the builder gives to builds on Lambda compute (COMPUTE_VARIABLE there): ``lambda``."""

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


def needs(error: BuildError, environment: Mapping[str, str]) -> List[str]:
    """Return the line that says what a container may have, none when it would be no better."""
    if environment.get(VARIABLE) != "lambda" or error.settled:
        return []
    lines = f"{error.what}\n{error.where}".splitlines()[:LINES]
    text = "\n".join(line[:LINE] for line in lines)
    need = next((need for sign, need in SIGNS if re.search(sign, text, re.IGNORECASE)), OTHERS)
    return [f"  {'needs:':<10}{need}"]
