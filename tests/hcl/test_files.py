"""What the constructs have comes into the module, whether the layout knows it or not."""

from __future__ import annotations

from typing import Any

import pytest

from hcl import files as module
from hcl.files import files
from hcl.template import synthesized

Template = dict[str, Any]


@pytest.fixture(scope="module")
def template() -> Template:
    return synthesized()


def test_every_resource_of_the_constructs_is_there_once(template: Template) -> None:
    text = "\n".join(files().values())
    for kind in ("data", "resource"):
        for type_, named in template[kind].items():
            for name in named:
                label = name.replace("anylayer_", "layer_")
                assert text.count(f'{kind} "{type_}" "{label}" {{') == 1, (type_, name)


def test_a_resource_that_is_new_is_written_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def with_more() -> Template:
        template = synthesized()
        template["resource"]["aws_sns_topic"] = {
            "build_topic": {"name": "anyapp-topic"},
            "anylayer_topic": {"name": "anyapp-anylayer"},
        }
        return template

    monkeypatch.setattr(module, "synthesized", with_more)
    made = files()
    assert (
        'resource "aws_sns_topic" "build_topic" {\n  name = "${var.app}-topic"' in made["main.tf"]
    )
    own = 'resource "aws_sns_topic" "layer_topic" {\n  for_each = local.layer_names\n\n'
    assert f'{own}  name = "${{var.app}}-${{each.key}}"' in made["layers.tf"]


def test_no_name_of_the_template_is_left() -> None:
    for name, text in files().items():
        for word in ("anyapp", "anylayer", "shortlayer"):
            assert word not in text, name
