"""The buildspec that every build of every layer runs.

All that differs from build to build is in the bundle and in StartBuild's overrides, so that a new
worker or a new layer changes neither the project nor anything else in Terraform's plan.

Sources of the facts: AWS CodeBuild user guide, "Build specification reference for CodeBuild".
"""

from __future__ import annotations

import json
from typing import Any

CACHE = ".cache"
"""The folder, below the bundle, where the worker keeps what a later build can use again."""


def buildspec() -> dict[str, Any]:
    """Return the buildspec."""
    return {
        "version": "0.2",
        "phases": {
            "install": {"commands": ["python3 worker.pyz tools"]},
            "build": {"commands": ["python3 worker.pyz build"]},
        },
        "artifacts": {"base-directory": "out", "files": ["**/*"]},
        "cache": {"paths": [f"{CACHE}/**/*"]},
    }


def buildspec_text() -> str:
    """Return the buildspec as CodeBuild takes it: YAML, of which JSON is a part."""
    return json.dumps(buildspec(), indent=2)
