"""The environment variables that cross a border: into builds, the publisher, destroy."""

from __future__ import annotations

NAME_VARIABLE = "LAYER_NAME"

TOKEN_VARIABLE = "LAYER_TOKEN"  # noqa: S105 (a name, no secret)

DEBUG_VARIABLE = "LAYER_DEBUG"

TARGET_VARIABLE = "LAYER_TARGET"

MERGE_VARIABLE = "LAYER_MERGE"


APP_VARIABLE = "LAMBDA_LAYER_APP"

NOTIFY_VARIABLE = "LAMBDA_LAYER_NOTIFY"


RETIRE_VARIABLE = "LAMBDA_LAYER_RETIRE"
"""How Terraform's destroy-time provisioner says what to retire (docs/protocol.md)."""
