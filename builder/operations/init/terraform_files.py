"""The layers in Terraform's files: of the AWS provider, and of the module terraform-aws-lambda.

Only literal values are read: this finds what people wrote, it does not evaluate it. Sources:
Terraform's documentation, "Syntax configuration"; the AWS provider's, aws_lambda_layer_version;
the README of terraform-aws-modules/lambda/aws (create_layer, source_path).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from builder.operations.init.draft import (
    DraftLayer,
    architecture_in,
    code_left,
    contents_of,
    name_from,
    read,
    runtimes_in,
)

DEPTH = 3
"""Folders below the project's that are looked into."""

TOKEN = re.compile(
    r"""
    (?P<skip>\#[^\n]* | //[^\n]* | /\*.*?(?:\*/|\Z))
  | (?P<heredoc><<-?(?P<tag>\w+)\n.*?(?:\n[ \t]*(?P=tag)\b|\Z))
  | (?P<text>"(?:\\.?|\$\{[^}\n]*\}?|[^"\\$\n]|\$(?!\{))*(?:"|(?=\n)|\Z))
  | (?P<word>-?\w[\w.-]*)
  | (?P<mark>[{}\[\]=:,()])
    """,
    re.VERBOSE | re.DOTALL,
)
"""What is not closed goes on to the end: no file makes the search take long."""

HEAD = re.compile(r"resource|module")
LAYER_VERSION, MODULE = "aws_lambda_layer_version", "terraform-aws-modules/lambda/aws"


@dataclass(frozen=True)
class Block:
    """One block of a file: its labels, and by name those arguments that are literal."""

    kind: str
    labels: tuple[str, ...]
    values: dict[str, list[str]]
    tokens: tuple[re.Match[str], ...] = ()

    def value(self, name: str) -> str:
        """Return a literal string, "" for none."""
        return next(iter(self.values.get(name, [])), "")

    def expression(self, name: str) -> Sequence[re.Match[str]]:
        """Return what an argument is given; nothing where it is not there."""
        for position in range(len(self.tokens) - 2):
            if [token[0] for token in self.tokens[position : position + 2]] == [name, "="]:
                return self.tokens[position + 2 : _after(self.tokens, position + 2)]
        return ()

    def literal(self, name: str) -> Any:
        """Return an argument with all that is in it; None for what is not literal."""
        return _object(self.tokens).get(name)


@dataclass(frozen=True)
class Source:
    """One of a layer's sources: its path below the root, the key that takes it, and its folder."""

    shown: str
    contents: Mapping[str, str]
    folder: Path | None = None


def terraform_layers(root: Path) -> list[DraftLayer]:
    """Return the layers that a project's .tf files describe and whose source is a list there."""
    found = []
    for path in _files(root):
        for block in blocks(read(path)):
            layer = _layer(root, path, block)
            if layer is not None:
                found.append(layer)
    return found


def _files(root: Path) -> list[Path]:
    patterns = ("*/" * depth + "*.tf" for depth in range(DEPTH))
    paths = sorted(path for pattern in patterns for path in root.glob(pattern))
    return [
        path
        for path in paths
        if not any(p.startswith(".") or p == "node_modules" for p in path.relative_to(root).parts)
    ]


def _layer(root: Path, path: Path, block: Block) -> DraftLayer | None:
    where = path.relative_to(root).as_posix()
    if block.kind == "resource" and block.labels[:1] == (LAYER_VERSION,):
        origin = f"{where}, {'.'.join(block.labels)}"
        found: list[Source] = []  # a zip that something else makes
    elif block.kind == "module" and _is_layer_module(block):
        origin = f"{where}, module.{'.'.join(block.labels)}"
        found = [_source(root, path, said) for said in _sources(block.expression("source_path"))]
    else:
        return None
    contents, remarks = _merged(origin, found)
    name = block.value("layer_name")
    return DraftLayer(
        name_from(name if "${" not in name else block.labels[-1], "dependencies"),
        origin,
        contents,
        runtimes_in(block.values.get("compatible_runtimes") or block.values.get("runtime", [])),
        architecture_in(
            block.values.get("compatible_architectures") or block.values.get("architectures", [])
        ),
        tuple(remarks),
    )


def _is_layer_module(block: Block) -> bool:
    return MODULE in block.value("source") and block.value("create_layer") == "true"


def _sources(tokens: Sequence[re.Match[str]]) -> list[str]:
    """Return the paths that source_path names: strings, and of objects what says where they lie."""
    opening = tokens[0][0] if tokens else ""
    if opening == "[":
        return [path for each in _split(tokens[1:-1]) for path in _sources(each)]
    if opening == "{":
        said = _values(list(tokens[1:-1]))
        listed = [each for each in said.get("pip_requirements", []) if "." in each]  # or true
        return [*listed, *said.get("path", [])]
    return [tokens[0][0][1:-1]] if len(tokens) == 1 and tokens[0]["text"] else []


def _source(root: Path, file: Path, said: str) -> Source:
    for here in ("${path.module}", "${path.root}"):
        said = said.replace(here, ".")
    path = file.parent / said
    try:
        shown = path.resolve().relative_to(root.resolve()).as_posix()
    except ValueError:
        return Source(said, {})  # paths in layers.toml stay inside the project
    if path.is_dir():
        return Source(shown, contents_of(root, path), path)
    return Source(
        shown, {"requirements": shown} if path.suffix == ".txt" and path.is_file() else {}
    )


def _merged(origin: str, sources: Sequence[Source]) -> tuple[dict[str, Any], list[str]]:
    """Return the keys that take a layer's sources, and what is said of those that they do not."""
    lists = dict.fromkeys(
        s.contents["requirements"] for s in sources if "requirements" in s.contents
    )
    packages = dict.fromkeys(s.contents["package"] for s in sources if "package" in s.contents)
    contents: dict[str, Any] = {}
    if packages:
        contents["package"] = next(iter(packages))
    if lists:
        contents["requirements"] = [*lists] if len(lists) > 1 else next(iter(lists))
    remarks: list[str] = []
    for source in sources if contents else ():
        package = source.contents.get("package")
        if package and package != contents["package"]:
            remarks.append(
                f"{origin}: {package} is not in the layer, which has one package: name it in a "
                f"requirements file, as ./{package}"
            )
        elif source.folder and not package:
            remarks += code_left(source.folder, source.shown, "the module")
        elif not source.contents:
            remarks.append(f"{origin}: {source.shown} is not in the layer")
    return contents, remarks


def blocks(text: str) -> Iterator[Block]:
    """Yield the resources and modules of a file; nothing of a file that is not Terraform's."""
    tokens = [found for found in TOKEN.finditer(text) if not found["skip"]]
    position = 0
    while position < len(tokens):
        if not HEAD.fullmatch(tokens[position][0]):
            position = _after(tokens, position)
            continue
        kind, labels = tokens[position][0], []
        position += 1
        while position < len(tokens) and tokens[position]["text"]:
            labels.append(tokens[position][0][1:-1])
            position += 1
        if position < len(tokens) and tokens[position][0] == "{" and labels:
            end = _after(tokens, position)
            inner = tokens[position + 1 : end - 1]
            yield Block(kind, tuple(labels), _values(inner), tuple(inner))
            position = end


def _after(tokens: Sequence[re.Match[str]], position: int) -> int:
    """Return the position behind what begins here: a token, or all between two brackets."""
    depth = 0
    for number in range(position, len(tokens)):
        depth += {"{": 1, "[": 1, "(": 1, "}": -1, "]": -1, ")": -1}.get(tokens[number][0], 0)
        if depth <= 0:
            return number + 1
    return len(tokens)


def _values(tokens: list[re.Match[str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    position = 0
    while position + 2 < len(tokens) + 1:
        rest = tokens[position : position + 3]
        if len(rest) == 3 and rest[0]["word"] and rest[1][0] == "=":
            end = _after(tokens, position + 2)
            found[rest[0][0]] = _literals(tokens[position + 2 : end])
            position = end
        else:
            position = _after(tokens, position) if rest else position + 1
    return found


def _literals(tokens: list[re.Match[str]]) -> list[str]:
    if len(tokens) == 1:
        token = tokens[0]
        return [token[0][1:-1]] if token["text"] else [token[0]] * bool(token["word"])
    if tokens[0][0] != "[":
        return []
    return [token[0][1:-1] for token in tokens if token["text"]]


def _object(tokens: Sequence[re.Match[str]]) -> dict[str, Any]:
    """Return the pairs in a block or an object: what is not literal is None."""
    found: dict[str, Any] = {}
    position = 0
    while position < len(tokens):
        key = tokens[position]
        is_pair = key["word"] or key["text"]
        if is_pair and [t[0] in "=:" for t in tokens[position + 1 : position + 2]] == [True]:
            end = _after(tokens, position + 2)
            found[key[0].strip('"')] = _literal(tokens[position + 2 : end])
            position = end
        else:
            position = _after(tokens, position)
    return found


def _literal(tokens: Sequence[re.Match[str]]) -> Any:
    """Return a string, number, truth value, list or object; None for an expression."""
    opening = tokens[0][0] if tokens else ""
    if opening == "{":
        return _object(tokens[1:-1])
    if opening == "[":
        elements = [_literal(each) for each in _split(tokens[1:-1])]
        return None if None in elements else elements
    if len(tokens) != 1 or "${" in opening:
        return None
    try:
        return json.loads(opening)  # what is literal in HCL is so in JSON
    except ValueError:
        return None


def _split(tokens: Sequence[re.Match[str]]) -> Iterator[Sequence[re.Match[str]]]:
    """Yield what stands between the commas of a list."""
    position = start = 0
    while position < len(tokens):
        if tokens[position][0] == ",":
            yield tokens[start:position]
            start = position + 1
        position = _after(tokens, position)
    if start < len(tokens):
        yield tokens[start:]
