"""What a LambdaLayer refuses."""

from __future__ import annotations

from builder.errors import SpecError
from builder.spec.layer_spec import LayerSpec


def no_layer(spec: LayerSpec) -> SpecError:
    """Return that an image has no ARN of a layer."""
    return SpecError(
        f"layer {spec.name!r} is an image, and has no layer_arn",
        where=f"LambdaLayer {spec.name!r}",
        expected="image_uri, which a function has instead of layers",
        fix="use image_uri, or take image out of the layer",
    )


def no_publisher(spec: LayerSpec) -> SpecError:
    """Return that async mode needs a publisher."""
    return SpecError(
        f"layer {spec.name!r} cannot be released in async mode: there is no publisher",
        where=f"LambdaLayer {spec.name!r}, argument 'sync_mode'",
        expected="sync_mode=False beside publisher=Publisher(...)",
        fix="make one Publisher for the application and give it to its layers",
    )


def retained_images(layer: str) -> SpecError:
    """Return that images cannot be retained by a destroy that deletes their repository."""
    return SpecError(
        f"layer {layer!r} is an image, and retain_versions cannot keep it: ECR deletes no "
        "repository that has images",
        where=f"LambdaLayer {layer!r}, argument 'retain_versions'",
        expected="retain_versions for layers alone",
        fix="take retain_versions away. To keep the images when the layer goes, take their "
        "repository out of Terraform's state before (docs/hybrid.md, 'A layer as an image')",
    )


def no_version(name: str) -> str:
    """Return the words for a layer whose first build runs."""
    return (
        f"Layer {name} has no version yet: its first build is under way (async mode). Wait for "
        f"it with 'lambda-layer wait {name}', then plan and apply again"
    )


def none_yet(partition: str, region: str, account: str, name: str) -> str:
    """Return what looks like a version of a layer to providers, and is refused by Lambda.

    The ``name`` of an image is its repository, which has a slash.
    """
    if "/" in name:
        return f"{account}.dkr.ecr.{region}.amazonaws.com/{name}:no-version-yet"
    return f"arn:{partition}:lambda:{region}:{account}:layer:{name}:no-version-yet"


def not_released(name: str, status: str, reason: str) -> str:
    """Return the words for a layer that has no release of what is planned."""
    return (
        f"Layer {name} has no release of what is planned "
        f"(status {status}: {reason}). Run terraform apply without -target, "
        "-refresh-only or an old plan file; it builds what is missing."
    )


def not_the_planned(name: str, planned: str, released: str) -> str:
    """Return the words for an image that the release is not which the plan has named."""
    return (
        f"The image of layer {name} that was planned is not there: planned was {planned}, and "
        f"released is {released}. Who uses it goes on with the former one. Plan and apply again."
    )
