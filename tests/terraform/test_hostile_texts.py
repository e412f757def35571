"""Texts of strangers that mean something to Terraform, or to a terminal, come through literally.

Descriptions, patterns, names of files, METADATA, versions and what a build says: in plans, states,
outputs and `terraform show -json` they are as they were written, and no terminal sees an escape.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.terraform.conftest import Make, Stack
from tests.terraform.packages import layer, write

FORMS = ("stack", "module")

ODD = "${path.module} $${local.x} %{ if true }yes%{ endif } %%{x} \"q\" 'q' \\n \\u001b ~> &&"
"""Each of these would be something else if Terraform, JSON or a shell read it as its own."""

ESCAPES = "\x1b]0;title\x07\x1b[31m\x9b31m"
FILE = "${path.module} %{ if true } \"q\" 'q' \\n"
"""A name of a file: all but a slash is allowed there."""

METADATA = f"""\
Metadata-Version: 2.1
Name: web
Version: 1+x.y
Summary: {ODD}
Author: {ODD}
License: {ODD} {ESCAPES}
"""


@pytest.fixture(scope="module")
def stack(make: Make, form: str) -> Stack:
    """A layer whose description, patterns, sources and metadata are odd, built by the worker."""
    # The module's caller writes Terraform, where it has to be written so to be meant.
    said = ODD.replace("${", "$${").replace("%{", "%%{") if form == "module" else ODD
    stack = make(layer(description=said, exclude=[f"docs/{said}"]))
    backend = stack.project / "web" / "backend.py"
    text = backend.read_text()
    start, end = text.index('about = "'), text.index("files = {")
    backend.write_text(f"{text[:start]}about = {METADATA!r}\n    {text[end:]}")
    backend.write_text(backend.read_text().replace("web-1", "web-1+x.y"))
    write(stack.project / "web" / FILE, "first")
    write(stack.project / "web" / "pyproject.toml", _pyproject(stack))
    return stack


def _pyproject(stack: Stack) -> str:
    text = (stack.project / "web" / "pyproject.toml").read_text()
    return text.replace('version = "1"', 'version = "1+x.y"')


def strings(value: Any) -> Iterator[str]:
    """Yield all texts of a document, also those of documents in them."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from (key, *strings(inner))
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner)
    elif isinstance(value, str):
        yield value
        if value.startswith(("{", "[")):
            yield from strings(_document(value))


def _document(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def test_descriptions_files_and_metadata_come_through_as_they_are(stack: Stack) -> None:
    planned = stack.plan()
    applied = stack.apply("plan")

    assert applied.builds == 1
    assert ODD in set(strings(planned.document))
    client = stack.aws.client("lambda")
    (version,) = client.list_layer_versions(LayerName=f"{stack.name}-web")["LayerVersions"]
    assert version["Description"].startswith(ODD)
    release = stack.record()["current"]
    folder = f"web/artifacts/{release['fingerprint']}"
    bill = json.loads(stack.read(f"{folder}/sbom.cdx.json"))
    assert f"{ODD} {ESCAPES}".strip() in {text.strip() for text in strings(bill)}
    assert stack.plan().exit_code == 0

    write(stack.project / "web" / FILE, "second")
    again = stack.plan()

    assert again.exit_code == 2
    reason = again.output()["reason"]
    assert f"web/{FILE}" in reason
    assert reason in set(strings(again.document))
    stack.apply("plan")
    assert stack.output()["reason"] == reason
    assert reason in set(strings(json.loads(stack.run("show", "-json").stdout)))
    assert stack.plan().exit_code == 0


def test_what_a_build_says_reaches_no_terminal_raw(stack: Stack) -> None:
    with stack.restored(stack.project / "web"):
        backend = stack.project / "web" / "backend.py"
        text = f"{ODD} {ESCAPES} ::set-output name=x::y"
        backend.write_text(f"raise RuntimeError({text!r})\n")

        failed = stack.fails("apply", "-auto-approve")

    assert "cannot be built" in failed.said
    assert "${path.module} $${local.x} %{ if true }yes" in failed.said.replace("\n", " ")
    own = failed.said.replace("\x1b[0m", "").replace("\x1b[31m", "")
    assert not set(own) & {"\x07", "\x9b"}
    assert "]0;title" not in own.replace("\\x1b]0;title", "")
