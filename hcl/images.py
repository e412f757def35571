"""What only layers that are images have: a repository, and an address in place of an ARN."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from builder.images.reference import PRIVATE
from hcl.syntax import Raw, expression, indented, split
from modules.layer.pusher import bases

IMAGES = "local.layer_images"
"""The layers that are images (terraform/specs.tf)."""

IMAGE_NAMES = "local.layer_image_names"
"""What their resources are repeated over."""

RETIREMENTS = "build_retirements"
"""The local value that has what layers are retired by."""

PARTITION = "${local.build_place.partition}"

ONLY = {"layer": "layer_arn", "image": "image_uri"}
"""What the output has of one and not of the other."""


def with_images(template: dict[str, Any], image: Mapping[str, Any]) -> dict[str, Any]:
    """Return the template of a layer with what that of an image has more, for those alone."""
    resources = template["resource"]
    for type_, named in image["resource"].items():
        own = resources.setdefault(type_, {})
        for name, body in named.items():
            if name in own:
                _wait_for_more(own[name], body)
            else:
                own[name] = {**body, "for_each": Raw(IMAGE_NAMES)}
    _fate(*(each["locals"][RETIREMENTS] for each in (template, image)))
    for name, output in image["output"].items():
        value = template["output"][name]["value"]
        value.update({key: text for key, text in output["value"].items() if key not in value})
    return template


def base() -> str:
    """Return the list of what lets a layer's base be pulled, as ``pusher.bases`` has it."""
    (statement,) = bases(f"{12 * '0'}.dkr.ecr.zz-any-1.amazonaws.com/anybase", PARTITION)
    text = expression(statement)
    parts = {12 * "0": "base[0]", "zz-any-1": "base[1]", "anybase": "base[2]"}
    for name, reference in parts.items():
        text = text.replace(name, f"${{{reference}}}")
    asked = f"regexall({expression(PRIVATE.pattern)}, local.layers[each.key].base)"
    return f"[\n  for base in {asked} : {indented(text).lstrip()}\n]"


def _fate(layer: dict[str, Any], image: Mapping[str, Any]) -> None:
    """Let the retirement of each say what becomes of it."""
    (of_layer,), (of_image,) = layer.values(), image.values()
    ((otherwise, _),) = split(of_layer["on_destroy"])
    fate = expression(of_image["on_destroy"])
    of_layer["on_destroy"] = Raw(f"local.layers[name].image ? {fate} : {otherwise}")


def _wait_for_more(body: dict[str, Any], image: Mapping[str, Any]) -> None:
    waits = body.get("depends_on", [])
    waits += [address for address in image.get("depends_on", ()) if address not in waits]


def of_its_kind(value: str) -> Raw:
    """Return an expression of the output's object without what is the other kind's."""
    other = f'local.layers[name].image ? "{ONLY["layer"]}" : "{ONLY["image"]}"'
    every = indented(value).lstrip()
    return Raw(f"{{\n  for key, value in {every} : key => value if key != ({other})\n}}")
