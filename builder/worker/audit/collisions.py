"""Files that several distributions bring: the layer gets one content, and always the same one.

Installers write what a wheel holds over what is there, in no order that could be relied on. So the
content of such a file is left to chance, unless all of them bring the same.
"""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import (
    Callable,
    Collection,
    Dict,
    Iterable,
    Iterator,
    List,
    Mapping,
    Optional,
    Sequence,
    Tuple,
)

from ..contents import distributions
from ..contents.distributions import INSTALLERS_OWN, MODULE_SUFFIXES, Distribution
from ..contents.files import names
from ..errors import BuildError
from ..install.include import BIN
from ..log import Log, counted
from ..processors import each
from ..request import Target
from ..slim.ignore import Ignore
from . import harmless
from .harmless import DEVELOPERS

SHOWN = 5
BLOCK = 1 << 20
UVS_OWN = {".lock"}

Alone = Callable[[str], Path]
"""Installs one distribution into a folder of its own, and returns the folder."""

SHA256 = "sha256="


@dataclass(frozen=True)
class Settled:
    """The distributions as they are, and the SHA-256 of the files that are what RECORD says."""

    found: list[Distribution]
    proven: Mapping[str, bytes]


def settle(
    root: Path,
    found: Sequence[Distribution],
    own: Collection[str],
    alone: Alone,
    target: Target,
    log: Log,
    *,
    exclude: Sequence[str] = (),
    scripts: bool = False,
) -> Settled:
    """Compare what is installed with every RECORD; return what is there then.

    Raise BuildError where two distributions bring one file with different contents, unless nothing
    depends on which of them the layer has: then it is always the same one's. ``exclude`` names what
    the layer leaves out anyhow, ``scripts`` says whether it has bin/.
    """
    ignore = Ignore(tuple(exclude))

    def counts(file: str) -> bool:
        is_script = file.startswith(f"{BIN}/") and f"{BIN}/__init__.py" not in present
        goes = (is_script and not scripts) or "/__pycache__/" in f"/{file}"
        return file in present and not goes and not ignore.excludes(file)

    present = names(root)
    check_names(found, {file for file in present if counts(file)}, target)
    judged = _judged(root, found)
    disputed = {file: judged.disputed[file] for file in judged.disputed if counts(file)}
    disputed.update({file: [] for file in _unlisted(present, found) if counts(file)})
    by_name = {distribution.name: distribution for distribution in found}
    clashes: dict[tuple[str, ...], list[str]] = {}
    losers: dict[str, list[str]] = {}
    for file, owners in sorted(disputed.items()):
        # What one RECORD alone says, or none, may be in other wheels without being listed.
        who = owners if len(owners) > 1 else sorted(by_name)
        contents = {name: alone(name) / file for name in who if (alone(name) / file).is_file()}
        if len({path.read_bytes() for path in contents.values()}) < 2:
            _check_single(root / file, contents, log)
            continue
        winner = harmless.winner(file, contents, own, [by_name[name] for name in contents])
        if winner is None:
            clashes.setdefault(tuple(sorted(contents)), []).append(file)
            continue
        lost = sorted(contents.keys() - {winner})
        log.debug(f"{file} is that of {winner}; {', '.join(lost)} have it too")
        (root / file).unlink()
        shutil.copy(contents[winner], root / file)
        for name in lost:
            losers.setdefault(name, []).append(file)
    if clashes:
        raise _clash(clashes, target)
    for name, lost in losers.items():
        distributions.drop(root / by_name[name].info / "RECORD", lost)
    return Settled(distributions.read(root) if losers else list(found), judged.proven)


def check_names(found: Sequence[Distribution], present: Collection[str], target: Target) -> None:
    """Refuse two distributions one of which makes a module and the other a package of one name.

    A package comes before a module, and a module before a folder without ``__init__``: the other
    one cannot be imported (Python's documentation, "The import system"; importlib's FileFinder).
    """
    modules = [
        (distribution, file)
        for distribution in found
        for file in distribution.files
        if file.endswith(MODULE_SUFFIXES) and file in present
    ]
    folders: dict[str, tuple[str, str]] = {}
    for distribution, file in modules:
        for above in _above(file):
            folders.setdefault(above, (distribution.name, file))
    own: dict[str, set[str]] = {}
    for distribution, file in modules:
        folder, _, base = file.rpartition("/")
        name = f"{folder}/{base.split('.', 1)[0]}".lstrip("/")
        other, example = folders.get(name, (distribution.name, ""))
        if other == distribution.name or name.split("/")[0] in DEVELOPERS:
            continue
        if distribution.name not in own:
            own[distribution.name] = {above for f in distribution.files for above in _above(f)}
        if name not in own[distribution.name]:
            raise BuildError(
                f"{distribution.name} makes a module {name.replace('/', '.')}, and {other} a "
                "package of that name",
                where=f"the files for {target}\n{file} and {example}",
                expected="one distribution for each name: Python finds only one of them",
                fix="keep one of the distributions, or leave one out with exclude",
            )


def _above(file: str) -> Iterator[str]:
    """Yield the folders that a file is in, from the innermost out."""
    end = file.rfind("/")
    while end > 0:
        yield file[:end]
        end = file.rfind("/", 0, end)


@dataclass(frozen=True)
class _Judged:
    """The files that are not what every RECORD says, with their owners, and those that are."""

    disputed: Dict[str, List[str]]
    proven: Dict[str, bytes]


def _judged(root: Path, found: Sequence[Distribution]) -> _Judged:
    """Compare files with the RECORDs that list them; one of which a RECORD has no hash is disputed.

    uv adds to a RECORD what its wheel has and does not list, without a hash.
    """
    start = str(root)
    owners: dict[str, list[str]] = {}
    wanted: dict[str, set[str]] = {}
    for distribution in found:
        for file in distribution.files:
            owners.setdefault(file, []).append(distribution.name)
            wanted.setdefault(file, set()).add(distribution.hashes.get(file, ""))

    def is_right(file: str) -> Optional[bool]:
        """Whether all say its hash; None where that is not asked."""
        alone = "" in wanted[file] and len(owners[file]) == 1
        path = f"{start}/{file}"
        if alone or _is_installers(file) or not os.path.isfile(path):  # noqa: PTH113 - fast
            return None
        return all(text and digest(path, text) == text for text in wanted[file])

    judged = _Judged({}, {})
    for file, right in zip(wanted, each(is_right, list(wanted))):  # noqa: B905 - strict= came with 3.10
        if right is False:
            judged.disputed[file] = owners[file]
        elif right:
            judged.proven.update((file, content) for content in _sha256_of(wanted[file]))
    return judged


def _sha256_of(texts: Iterable[str]) -> Iterator[bytes]:
    """Yield the SHA-256 among hashes as RECORD has them."""
    for text in texts:
        if text.startswith(SHA256):
            yield base64.urlsafe_b64decode(text[len(SHA256) :] + "=")


def digest(path: str | Path, like: str) -> str:
    """Return a file's hash as RECORD has it, by the algorithm of another hash."""
    algorithm = like.partition("=")[0]
    if algorithm not in hashlib.algorithms_guaranteed:
        return ""
    found = hashlib.new(algorithm)
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - fast, for thousands of files
        for block in iter(lambda: file.read(BLOCK), b""):
            found.update(block)
    encoded = base64.urlsafe_b64encode(found.digest()).rstrip(b"=").decode("ascii")
    return f"{algorithm}={encoded}"


def _is_installers(file: str) -> bool:
    folder, _, name = file.rpartition("/")
    return folder.endswith(".dist-info") and name in (*INSTALLERS_OWN, "RECORD")


def _unlisted(present: Collection[str], found: Sequence[Distribution]) -> List[str]:
    """Return the files that are in no RECORD: their wheels hold more than they list."""
    listed = {file for distribution in found for file in distribution.files}
    return [f for f in present if f not in listed and f not in UVS_OWN and not _is_installers(f)]


def _check_single(file: Path, contents: Mapping[str, Path], log: Log) -> None:
    """Refuse a file that is not what its distribution installs; one with a wrong RECORD may be."""
    name, path = next(iter(contents.items()), ("", file))
    if path.read_bytes() == file.read_bytes():
        if len(contents) == 1:
            log.debug(f"{name}: its RECORD does not fit {path.name}, which is as the wheel has it")
        return
    raise BuildError(
        f"a file of {name} is not what {name} installs",
        where=str(file),
        expected="the content that the distribution's RECORD has the hash of",
        fix="run the build again; look at what else writes into the build's folders",
    )


def _clash(clashes: Mapping[Tuple[str, ...], Sequence[str]], target: Target) -> BuildError:
    lines = []
    for owners, files in list(clashes.items())[:SHOWN]:
        more = f" and {counted(len(files) - SHOWN, 'more file')}" if len(files) > SHOWN else ""
        lines.append(f"{' and '.join(owners)}: {', '.join(files[:SHOWN])}{more}")
    first, files = next(iter(clashes.items()))
    return BuildError(
        f"{' and '.join(first)} bring the same file with different contents: {files[0]}",
        where="\n".join([f"the files for {target}", *lines]),
        expected="one owner for each file; the same content may have several",
        fix="keep one of the distributions; a file that the layer does not need can be left out "
        "with exclude",
    )
