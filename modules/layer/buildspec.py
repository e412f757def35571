"""The buildspec that every build of every layer runs, and that of every push of an image.

All that differs from build to build is in the bundle and in StartBuild's overrides, so that a new
worker or a new layer changes neither the project nor anything else in Terraform's plan.

Sources of the facts: AWS CodeBuild user guide, "Build specification reference for CodeBuild".
"""

from __future__ import annotations

import json
from typing import Any

from builder.inputs.pusher_code import COMMAND
from builder.protocol.variables import SEAL, SEAL_VARIABLE


def buildspec() -> dict[str, Any]:
    """Return the buildspec."""
    return {
        "version": "0.2",
        "env": {"exported-variables": [SEAL_VARIABLE]},
        "phases": {
            "install": {"commands": ["python3 worker.pyz tools"]},
            "build": {"commands": ["python3 worker.pyz build", SEAL]},
        },
        "artifacts": {"base-directory": "out", "files": ["**/*"]},
    }


def buildspec_text() -> str:
    """Return the buildspec as CodeBuild takes it: YAML, of which JSON is a part."""
    return json.dumps(buildspec(), indent=2)


def push_buildspec_text() -> str:
    """Return the buildspec of the builds that push images; their source is our own program."""
    return json.dumps({"version": "0.2", "phases": {"build": {"commands": [COMMAND]}}}, indent=2)
