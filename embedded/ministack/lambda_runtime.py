"""The interpreter of Lambda functions: Lambda's own packages and nothing of this project.

ministack runs functions under its own interpreter. There a function could import a package that
its layer lacks, only because this project has it installed.
"""

from __future__ import annotations

import shlex
import sys
from importlib.util import find_spec
from pathlib import Path

PACKAGES = ("boto3", "botocore", "dateutil", "jmespath", "s3transfer", "six", "urllib3")
"""What Lambda's Python runtimes have (AWS Lambda developer guide, "Runtime-included SDK")."""


def create(folder: Path) -> Path:
    """Make the interpreter in a folder, return its program."""
    packages = folder / "packages"
    packages.mkdir(parents=True, exist_ok=True)
    for name in PACKAGES:
        spec = find_spec(name)
        if spec is None or spec.origin is None:
            continue
        origin = Path(spec.origin)
        source = origin.parent if origin.name == "__init__.py" else origin
        link = packages / source.name
        if not link.exists():
            link.symlink_to(source)
    program = folder / "python3"
    interpreter = shlex.quote(getattr(sys, "_base_executable", sys.executable))
    path = shlex.quote(str(packages))
    # -S and -s: no site-packages, neither the interpreter's nor the user's.
    program.write_text(
        "#!/bin/sh\n"
        f"PYTHONPATH=${{PYTHONPATH:+$PYTHONPATH:}}{path}\n"
        "export PYTHONPATH\n"
        f'exec {interpreter} -S -s "$@"\n'
    )
    program.chmod(0o755)
    return program
