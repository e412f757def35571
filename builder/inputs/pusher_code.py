"""What the build that pushes images runs: our own modules, and none of the packages it packs.

Sources of the facts: the definition of CodeBuild's image (aws-codebuild-docker-images,
al/x86_64/standard/5.0/Dockerfile: python3 is 3.11, and has boto3); AWS CodeBuild user guide,
"Environment variables in build environments" (CODEBUILD_SRC_DIR, where commands begin).
"""

from __future__ import annotations

from functools import cache

from builder.inputs.publisher_code import PUSHER, files_of, zip_of

COMMAND = "python3 -m builder.pusher"
"""Run in the folder of the code, which is the first place where Python looks for modules."""


@cache
def pusher_zip() -> bytes:
    """Return the program; the same on every machine."""
    return zip_of(files_of(PUSHER))
