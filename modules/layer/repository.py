"""A repository of ECR whose tags stay what they are."""

from __future__ import annotations

import json

from cdktf import Op, Precondition, TerraformResourceLifecycle
from constructs import Construct

from modules.layer.bindings import (
    EcrLifecyclePolicy,
    EcrRepository,
    EcrRepositoryEncryptionConfiguration,
)
from modules.layer.layer_errors import retained_images
from modules.layer.naming import named
from modules.layer.retention import Flag

UNTAGGED_DAYS = 1
"""How long images are kept that no tag names: what a push has replaced, or has left half."""


def repository(
    scope: Construct, name: str, *, kms_key: str, force_delete: bool, address: str = ""
) -> tuple[EcrRepository, EcrLifecyclePolicy]:
    """Make a repository, encrypted by ``kms_key`` if there is one; ``address`` is as in naming."""
    encryption = EcrRepositoryEncryptionConfiguration(encryption_type="KMS", kms_key=kms_key)
    made = named(
        EcrRepository(
            scope,
            "repository",
            name=name,
            # What a tag names does not change, so that it says what runs.
            image_tag_mutability="IMMUTABLE",
            image_scanning_configuration={"scan_on_push": True},
            encryption_configuration=[encryption] if kms_key else None,
            force_delete=force_delete,
        ),
        address,
    )
    # No rule for tagged images: something may be started from any of them.
    rule = {
        "rulePriority": 1,
        "description": "Forget images without a tag",
        "selection": {
            "tagStatus": "untagged",
            "countType": "sinceImagePushed",
            "countUnit": "days",
            "countNumber": UNTAGGED_DAYS,
        },
        "action": {"type": "expire"},
    }
    policy = named(
        EcrLifecyclePolicy(
            scope,
            "image-lifecycle",
            repository=made.name,
            policy=json.dumps({"rules": [rule]}),
        ),
        address,
    )
    return made, policy


def not_retained(layer: str, retain: Flag) -> TerraformResourceLifecycle:
    """Refuse at plan that images are to be retained; raise SpecError where it is known before.

    A destroy deletes their repository, which ECR refuses when all else is gone.
    """
    if retain is True:
        raise retained_images(layer)
    # The repository of a layer that goes is deleted last (create_before_destroy): ECR may refuse
    # that, and what had its images has others by then.
    if retain is False:
        return TerraformResourceLifecycle(create_before_destroy=True)
    error = retained_images(layer)
    sentence = error.what[:1].upper() + error.what[1:]
    condition = Precondition(
        condition=Op.not_(retain), error_message=f"{sentence}. To mend it: {error.fix}."
    )
    return TerraformResourceLifecycle(create_before_destroy=True, precondition=[condition])
