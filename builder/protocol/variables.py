"""The environment variables that cross a border: into builds, the publisher, destroy."""

from __future__ import annotations

NAME_VARIABLE = "LAYER_NAME"

TOKEN_VARIABLE = "LAYER_TOKEN"  # noqa: S105 (a name, no secret)

DEBUG_VARIABLE = "LAYER_DEBUG"

TARGET_VARIABLE = "LAYER_TARGET"

MERGE_VARIABLE = "LAYER_MERGE"

COMPUTE_VARIABLE = "LAYER_COMPUTE"
"""``lambda`` for builds on Lambda compute, ``standard`` for those in CodeBuild's own image: their
errors say what another place may have."""

SEALS_VARIABLE = "LAYER_PART_SEALS"
"""For the merge: the SHA-256 of each part's manifest, ``python3.12=<hex> python3.13=<hex>``."""

SEAL_VARIABLE = "LAYER_SEAL"
"""What a build exports when it has ended well: the SHA-256 (hex) of the manifest, or of the receipt
of a part, that it left. CodeBuild keeps it with the build, where no other build can change it."""

SEAL = (
    f"export {SEAL_VARIABLE}=$(cat out/manifest.json out/part.json 2> /dev/null"
    " | sha256sum | cut -d ' ' -f 1)"
)
"""The last command of a build: it lets CodeBuild vouch for what the build left. One of the two
documents is there, and has the digests of all the rest."""

APP_VARIABLE = "LAMBDA_LAYER_APP"

LAYER_NAMES_VARIABLE = "LAMBDA_LAYER_NAMES"
"""For the publisher: names in Lambda of layers whose description gives one, as a JSON object."""

NOTIFY_VARIABLE = "LAMBDA_LAYER_NOTIFY"

SIGNING_KEY_VARIABLE = "LAMBDA_LAYER_SIGNING_KEY"
"""For the publisher: the ARN of the key that signs what it publishes."""

RETIRE_VARIABLE = "LAMBDA_LAYER_RETIRE"
"""How Terraform's destroy-time provisioner says what to retire (docs/protocol.md)."""

PUBLISHER_VARIABLE = "LAMBDA_LAYER_PUBLISHER"
"""How the module for HCL says where the publisher's code goes (docs/protocol.md)."""

RETAIN_VARIABLE = "TF_VAR_retain_versions"
"""How Terraform's environment sets the variable ``retain_versions``: what destroys a layer sees it,
while ``-var`` does not reach it."""

PUSH_VARIABLE = "LAYER_PUSH"
"""For the build that pushes an image: which one, as JSON (images/order.py)."""
