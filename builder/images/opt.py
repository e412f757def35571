"""Where packages lie in an image: below ``/opt``, as Lambda unpacks layers."""

from __future__ import annotations

from collections.abc import Mapping

from builder.images.manifest import variables_of
from builder.images.push import Base

BELOW = "opt"
PATHS = {"PATH": "/opt/bin", "PYTHONPATH": "/opt/python"}
LAMBDA = "LAMBDA_TASK_ROOT"
"""A variable of Lambda's own bases. Their bootstrap adds /opt/python and the function's code to
sys.path, unless PYTHONPATH is set (bootstrap.py of the bases; AWS Lambda developer guide, "Deploy
Python Lambda functions with container images")."""


def paths_on(base: Base) -> Mapping[str, str]:
    """Return the variables that get a folder of the packages on a base."""
    paths = dict(PATHS)
    if LAMBDA in variables_of(base.config, str(base.reference)):
        del paths["PYTHONPATH"]
    return paths
