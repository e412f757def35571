"""Texts that mean something to a shell, an installer, YAML, a policy or Terraform, in every key.

Each is refused by the key's own rule, or is one that a path, a pattern or a description may be:
then it is in what the hooks are asked, as it was written, and nothing else of the Terraform is
another. What such names do in a build is tried in tests/worker/test_hostile_names.py, and what
Terraform makes of them in tests/terraform/test_hostile_texts.py.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from builder.errors import SpecError
from builder.spec.app_spec import AppSpec
from builder.spec.kinds import BOOLEAN, COUNT
from builder.spec.layer_fields import LAYER_FIELDS
from builder.spec.layer_spec import LayerSpec
from builder.spec.service_fields import SERVICE_FIELDS
from builder.spec.service_spec import ServiceSpec
from modules.layer.synthesis import synthesize

TEXTS = {
    "a command of a shell": "$(id)",
    "an older one": "`id`",
    "the next command": "a;id",
    "an expression of Terraform": "${path.module}",
    "a directive of Terraform": "%{ if true }a%{ endif }",
    "a long option": "--index-url=x",
    "a short option": "-r",
    "another line": "a\nb: c",
    "quotes": "a\"b'c",
    "a pattern": "*",
}
OPEN = {"package", "requirements", "pre_install", "description", "exclude"}
"""Keys of a layer that hold paths, patterns and words: each text can be one."""

ALSO = {
    ("layer_name", "a short option"),  # Lambda has such names, and gets them in a request
    ("functions", "a short option"),
    ("functions", "a pattern"),  # all functions, as the key says
}
OF_SERVICE = {
    # A stack that makes the network says where it is by an expression.
    ("vpc", "an expression of Terraform"),
    ("subnets", "an expression of Terraform"),
}
NOT_IN_SPEC = {"python", "architecture", "split"}
"""Keys that become targets, which are a table."""

REQUIRED: dict[str, Any] = {"dependencies": ("x",)}
SERVICE: dict[str, Any] = {
    "command": ("serve", "{port}"), "image_tag": "1", "vpc": "vpc-0123abcd",
    "subnets": ("subnet-0123abcd",),
}  # fmt: skip


def is_taken(make: Any, name: str, text: str, others: dict[str, Any]) -> bool:
    """Whether a key takes a text, or a list of it."""
    for value in (text, (text,)):
        try:
            make(**{**others, name: value})
        except SpecError:
            continue
        return True
    return False


@pytest.mark.parametrize(
    "field", [f for f in LAYER_FIELDS if f.kind not in (BOOLEAN, COUNT)], ids=lambda f: f.name
)
def test_a_key_of_a_layer_refuses_what_it_cannot_be(field: Any) -> None:
    if field.name in NOT_IN_SPEC:
        pytest.skip("a table of targets")

    def make(**fields: Any) -> LayerSpec:
        return LayerSpec("web", ("3.13",), "arm64", **fields)

    for what, text in TEXTS.items():
        may = field.name in OPEN or (field.name, what) in ALSO
        assert is_taken(make, field.in_spec, text, REQUIRED) is may, (field.name, what)


COMMAND_WORDS = "command"
"""The words of a service's command: ECS gets them as a list, and no shell does."""


@pytest.mark.parametrize(
    "field", [f for f in SERVICE_FIELDS if f.kind not in (BOOLEAN, COUNT)], ids=lambda f: f.name
)
def test_a_key_of_a_service_refuses_what_it_cannot_be(field: Any) -> None:
    if field.name == COMMAND_WORDS:
        pytest.skip("a list of words")
    for what, text in TEXTS.items():
        taken = is_taken(lambda **f: ServiceSpec("db", **f), field.in_spec, text, SERVICE)
        may = (field.name, what) in OF_SERVICE
        assert taken is may, (field.name, what)


def synthesized(folder: Path, **fields: Any) -> dict[str, Any]:
    folder.mkdir()
    spec = LayerSpec("web", ("3.12", "3.13"), "arm64", **fields)
    app = AppSpec("shop", async_mode=True)
    where = synthesize(app, (spec,), project=folder, outdir=folder / "cdktf.out")
    found: dict[str, Any] = json.loads((where / "cdk.tf.json").read_text("utf-8"))
    return found


@pytest.mark.slow
def test_what_is_taken_changes_nothing_but_the_spec_that_hooks_are_asked(tmp_path: Path) -> None:
    texts = tuple(TEXTS.values())
    odd: dict[str, Any] = {
        "package": texts[3], "pre_install": texts[0], "requirements": texts, "exclude": texts,
        "description": " ".join(texts),
    }  # fmt: skip
    plain: dict[str, Any] = {
        "package": "a", "pre_install": "a", "requirements": ("a",), "exclude": (),
        "description": "",
    }  # fmt: skip

    one, other = synthesized(tmp_path / "odd", **odd), synthesized(tmp_path / "plain", **plain)

    specs = []
    for document in (one, other):
        hooks = document["data"]["external"]
        asked = [hooks["build_plan"]["query"].pop("web.spec"), *(
            hook["query"].pop("spec") for hook in hooks.values() if "spec" in hook["query"]
        )]  # fmt: skip
        specs.append(asked)
    whole = (
        json.dumps(one).replace(str(tmp_path / "odd"), ""),
        json.dumps(other).replace(str(tmp_path / "plain"), ""),
    )
    assert whole[0] == whole[1]
    for text in specs[0]:
        assert not re.search(r"(?<!\$)\$\{(?!local\.|var\.)", text)
        assert not re.search(r"(?<!%)%\{", text)
        said = json.loads(text.replace("$${", "${").replace("%%{", "%{"))
        assert [said["description"], said["exclude"], said["requirements"]] == [
            odd["description"], list(texts), list(texts)
        ]  # fmt: skip
