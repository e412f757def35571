"""Whether CodeBuild vouches for what a build is said to have left in the bucket.

Code of strangers runs in every build of a layer, under one role: any of them may have written
where another leaves its artifact. What it cannot change is what CodeBuild keeps of a build: the
token that it was started with, how it ended, and the variables that it exported (AWS CodeBuild user
guide, "Build specification reference", exported-variables: fixed when the build has ended).
"""

from __future__ import annotations

import hashlib

from builder.layer.layer import Layer
from builder.layer.token import Token
from builder.protocol.variables import (
    NAME_VARIABLE,
    SEAL_VARIABLE,
    TARGET_VARIABLE,
    TOKEN_VARIABLE,
)


def objection(layer: Layer, build_id: str, document: bytes, runtime: str = "") -> str:
    """Return why a document is not known to be what a build left, "" when it is.

    ``document`` is a manifest or, with ``runtime``, the receipt of a part; ``build_id`` is what it
    says of its origin.
    """
    if not build_id.startswith(f"{layer.site.project}:"):
        return f"it names no build of project {layer.site.project}"
    state = layer.services.codebuild.state(build_id)
    if state is None:
        return f"CodeBuild does not know build {build_id}"
    variables, token = state.variables, Token.parse(state.variables.get(TOKEN_VARIABLE, ""))
    made = (variables.get(NAME_VARIABLE), variables.get(TARGET_VARIABLE, ""))
    problems = {
        "was for another fingerprint": token is None or token.fingerprint != layer.fingerprint,
        "was for something else": made != (layer.name, runtime),
        "has not succeeded": not state.succeeded,
        "did not leave this": state.exported.get(SEAL_VARIABLE) != _sha256(document),
    }
    return next((f"build {build_id} {problem}" for problem, is_so in problems.items() if is_so), "")


def _sha256(document: bytes) -> str:
    return hashlib.sha256(document).hexdigest()
