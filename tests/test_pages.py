"""What the README and docs/ show is what there is."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from builder.cli import COMMANDS
from builder.spec.layers_toml import load_config
from sandbox.copies import toml
from tests.commands import check_command, commands_in
from tests.markdown import PAGES, ROOT, blocks

SHELL = ("", "sh")
TARGET = re.compile(r"\bmake ([a-z]+)\b")
LANGUAGES = {"", "sh", "python", "toml", "json", "yaml", "hcl"}


def texts(page: str, *languages: str) -> Iterator[str]:
    return (block.text for block in blocks(page) if block.language in languages)


def command_lines(page: str) -> Iterator[list[str]]:
    """Yield the words behind each `lambda-layer` in the page's blocks of commands and in `code`."""
    text = PAGES[page].read_text(encoding="utf-8")
    inline = re.findall(r"(?<!`)`(lambda-layer [^`]+)`(?!`)", text.replace("\n", " "))
    for code in (*texts(page, *SHELL), *inline):
        yield from commands_in(code)


@pytest.mark.parametrize("page", PAGES)
def test_every_block_is_of_a_language_that_is_checked(page: str) -> None:
    assert {block.language for block in blocks(page)} <= LANGUAGES


@pytest.mark.parametrize("page", PAGES)
def test_every_block_of_python_is_python(page: str) -> None:
    for number, text in enumerate(texts(page, "python"), 1):
        compile(text, f"{page}, block {number}", "exec")


@pytest.mark.parametrize("page", PAGES)
def test_every_block_of_json_is_json(page: str) -> None:
    for text in texts(page, "json"):
        json.loads(text)


@pytest.mark.parametrize("page", PAGES)
def test_every_block_of_toml_is_read_by_our_own_reader(page: str, tmp_path: Path) -> None:
    for number, text in enumerate(texts(page, "toml")):
        document = completed(tomllib.loads(text))
        folder = tmp_path / str(number)
        folder.mkdir()
        file = folder / "layers.toml"
        file.write_text(toml(document))
        for name in paths_in(document):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            if "." in Path(name).name:
                (folder / name).write_text("")
            else:
                (folder / name).mkdir(exist_ok=True)
                (folder / name / "pyproject.toml").write_text(
                    '[project]\nname = "p"\nversion = "1"\n'
                )
                (folder / name / "p.py").write_text("")
        load_config(file)


def completed(document: dict[str, Any]) -> dict[str, Any]:
    """Return a whole layers.toml around what a page shows of one."""
    usual = {"python": ["3.13"], "architecture": "arm64"}
    layers = document.get("layers") or {"example": {}}
    for layer in layers.values():
        if not {"package", "requirements", "dependencies"} & set(layer):
            layer["dependencies"] = ["requests"]
    return {
        **document,
        "app": {"name": "example", **document.get("app", {})},
        "defaults": {**usual, **document.get("defaults", {})},
        "layers": layers,
    }


def paths_in(document: dict[str, Any]) -> Iterator[str]:
    for layer in document["layers"].values():
        for key in ("package", "requirements", "pre_install"):
            found = layer.get(key, [])
            yield from [found] if isinstance(found, str) else found


@pytest.mark.parametrize("page", PAGES)
def test_every_command_and_option_is_one_of_ours(page: str) -> None:
    for words in command_lines(page):
        check_command(words, page)


def test_every_command_is_in_the_table_of_the_operations() -> None:
    text = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    rows = [line.split(" | ")[0] for line in text.splitlines() if line.startswith("| `")]
    named = {name for row in rows for name in re.findall(r"`([a-z-]+)", row)}
    assert COMMANDS.keys() - {"hook"} <= named  # that one is for Terraform


@pytest.mark.parametrize("page", PAGES)
def test_every_target_of_make_is_there(page: str) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    text = PAGES[page].read_text(encoding="utf-8")
    shown = [*texts(page, *SHELL), *re.findall(r"(?<!`)`(make [^`]+)`(?!`)", text)]
    for code in shown:
        for found in TARGET.finditer(code):
            assert found[1] in targets, f"{page}: {found[0]}"


LINK = re.compile(r"(?<!!)\[[^]]*\]\(([^)\s]+)\)")


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_to_a_file_and_to_a_heading_in_it(page: str) -> None:
    for target in LINK.findall(PAGES[page].read_text(encoding="utf-8")):
        if target.startswith(("https://", "http://")):
            continue
        path, _, heading = target.partition("#")
        file = (PAGES[page].parent / path).resolve() if path else PAGES[page]
        assert file.exists(), f"{page}: {target}"
        if heading:
            titles = re.findall(r"^#+ (.+)$", file.read_text(encoding="utf-8"), re.MULTILINE)
            assert heading in {anchor(title) for title in titles}, f"{page}: {target}"


def anchor(title: str) -> str:
    """Return the anchor that GitHub and the documentation's generator give a heading."""
    return re.sub(r"[^\w -]", "", title.lower()).strip().replace(" ", "-")


def test_pages_have_blocks_of_every_kind() -> None:
    found = [block.language for page in PAGES for block in blocks(page)]
    assert all(found.count(language) >= 3 for language in ("python", "toml", "sh"))
    assert sum(len(list(command_lines(page))) for page in PAGES) > 60
