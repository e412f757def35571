"""The advice of `lambda-layer size`, followed: each is written down, built and compared.

Requirement sets that do not fit a layer, or hardly, are predicted; what is advised is applied as it
stands under ``write``, and built by the worker on this machine, as `lambda-layer try` does, with
every module imported. ``make advice`` writes the table of docs/size-analysis.md.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import sys
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
from rich.console import Console

from bench.sizes import PAGE
from builder.errors import LayerError
from builder.inputs.bundle import bundle
from builder.inputs.source_files import source_files
from builder.sizes.advice import Advice, advise
from builder.sizes.local_worker import NO_FINGERPRINT
from builder.sizes.predict import predict
from builder.sizes.substitute import tried
from builder.sizes.trial import run
from builder.spec.layer_spec import LayerSpec
from builder.spec.runtimes import UNZIPPED_LIMIT

BEGIN, END = "<!-- advice: begin -->", "<!-- advice: end -->"
KEPT = PAGE.parents[1] / ".bench" / "advice"
"""What came true, a file for each."""

PYTHON, ARCHITECTURE = f"{sys.version_info.major}.{sys.version_info.minor}", "x86_64"
"""This interpreter's: it imports what is built."""

NEXT = {"3.11": "3.12", "3.12": "3.13"}
"""A second runtime for a layer of two."""

SETS: Mapping[str, tuple[str, ...]] = {
    "chroma": ("chromadb",),
    "vision": ("opencv-python",),
    "contrib": ("opencv-contrib-python", "pandas"),
    "arrow": ("pyarrow", "pandas"),
    "compiled": ("numba", "scipy"),
    "boosting": ("xgboost",),
    "tracking": ("mlflow",),
    "flows": ("prefect",),
    "dask": ("dask[complete]",),
    "warehouse": ("snowflake-connector-python[pandas]", "duckdb"),
    "science": ("scipy", "scikit-learn", "matplotlib", "pyarrow"),
    "dashboards": ("streamlit",),
    "tables": ("polars", "pyarrow", "duckdb"),
    "two-runtimes": ("pandas", "scipy"),
    "languages": ("spacy", "nltk", "gensim"),
}
TWO = {"two-runtimes"}


@dataclass(frozen=True)
class Followed:
    """One advice that was followed: bytes unzipped that were predicted and built.

    ``refused`` says why the worker's audit refused the result, "" if it did not.
    """

    name: str
    before: int
    kind: str
    said: str
    fits: bool
    predicted: int
    built: int = 0
    refused: str = ""

    @property
    def error(self) -> float:
        """How far the prediction is off, as a share of what was built."""
        return (self.predicted - self.built) / self.built

    @property
    def kept(self) -> bool:
        """Whether what was said came true: it was built, and it fits if that was said."""
        return (
            not self.refused
            and abs(self.error) <= 0.02
            and (not self.fits or self.built <= UNZIPPED_LIMIT)
        )


def applied(spec: LayerSpec, advice: Advice) -> list[LayerSpec]:
    """Return the layer, or the layers, that an advice makes of one, from what it says to write."""
    found = []
    for line in advice.write.splitlines():
        ((key, value),) = tomllib.loads(line).items()
        if key == "split":
            found += [replace(spec, python=(python,)) for python in spec.python]
        elif key == "exclude":
            found.append(replace(spec, exclude=(*spec.exclude, *value)))
        else:
            changed: dict[str, Any] = {key: tuple(value)}
            found.append(replace(spec, **changed))
    return found


def chosen(advice: Iterable[Advice]) -> list[Advice]:
    """Return what is followed: of each kind the one that does most."""
    found: dict[str, Advice] = {}
    for each in advice:
        if each.write:
            found.setdefault(each.kind, each)
    return list(found.values())


def follow(name: str, requirements: Sequence[str], kept: Path) -> list[Followed]:
    """Predict one set, and follow what is advised; ``kept`` has what came true before."""
    pythons = (PYTHON, NEXT[PYTHON]) if name in TWO else (PYTHON,)
    spec = LayerSpec(
        name="bench", python=pythons, architecture=ARCHITECTURE, dependencies=tuple(requirements)
    )
    with TemporaryDirectory(prefix="advice-") as made:
        root = Path(made) / "project"
        root.mkdir()
        layer = predict(spec, root)
        saved = tried(layer, spec, root, lambda _: None)
        return [
            _once(
                Followed(name, layer.size, each.kind, each.text, each.fits, claimed),
                part,
                root,
                kept,
            )
            for each in chosen(advise(layer, spec, saved))
            for part in applied(spec, each)
            for claimed in [layer.size - each.saves if each.saves else predict(part, root).size]
        ]


def _once(followed: Followed, spec: LayerSpec, root: Path, kept: Path) -> Followed:
    """Build what was advised, unless the same was built of the same before and came true."""
    digest = hashlib.sha256(json.dumps(asdict(followed)).encode())
    digest.update(bundle(spec, root, source_files(spec, root), NO_FINGERPRINT))
    place = kept / f"{followed.name}-{digest.hexdigest()}.json"
    if place.exists():
        return Followed(**json.loads(place.read_text("utf-8")))
    found = _built(followed, spec, root)
    if found.kept:
        place.parent.mkdir(parents=True, exist_ok=True)
        partial = place.with_suffix(".partial")
        partial.write_text(json.dumps(asdict(found)), "utf-8")
        partial.replace(place)
    return found


def _built(followed: Followed, spec: LayerSpec, root: Path) -> Followed:
    with TemporaryDirectory(prefix="advice-") as made:
        try:
            return replace(followed, built=run(spec, root, Path(made), lambda _: None).size)
        except LayerError as error:
            return replace(followed, refused=" ".join(error.what.split())[:160])


def page_part(found: Sequence[Followed], others: Mapping[str, str]) -> str:
    """Return the table, and why other sets are not in it, as Markdown."""
    rows = [
        f"{sum(one.kept for one in found)} of {len(found)} came true.",
        "",
        "| set | before | followed | predicted | built | error | fits: said, is |",
        "|---|---|---|---|---|---|---|",
    ]
    rows += [_row(one) for one in found]
    if others:
        rows += [
            "",
            "Not followed: " + "; ".join(f"{n} ({why})" for n, why in others.items()) + ".",
        ]
    return "\n".join(rows) + "\n"


def _row(one: Followed) -> str:
    said = re.split("[;:(]", one.said)[0].strip()
    cells = [one.name, f"{one.before:,}", f"{one.kind}: {said}", f"{one.predicted:,}"]
    if one.refused:
        cells += ["refused", "", one.refused]
    else:
        fits = [
            word if yes else ""
            for word, yes in (("yes", one.fits), ("yes", one.built <= UNZIPPED_LIMIT))
        ]
        cells += [f"{one.built:,}", f"{one.error:+.3%}", f"{fits[0] or 'no'}, {fits[1] or 'no'}"]
    return f"| {' | '.join(cells)} |"


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(tuple(SETS)))
@click.option("--write", is_flag=True, help="Write the table into docs/size-analysis.md.")
@click.option("--fresh", is_flag=True, help="Build again what came true before, too.")
def main(names: tuple[str, ...], *, write: bool, fresh: bool) -> None:
    """Follow what is advised for sets that do not fit; exit with 1 where it did not come true."""
    screen = Console(width=200, highlight=False)
    found: list[Followed] = []
    others: dict[str, str] = {}
    if fresh:
        shutil.rmtree(KEPT, ignore_errors=True)
    for name in names or tuple(SETS):
        try:
            rows = follow(name, SETS[name], KEPT)
        except LayerError as error:
            others[name] = f"not predicted: {error.what}"
        else:
            found += rows
            if not rows:
                others[name] = "nothing to write is advised"
            for one in rows:
                screen.print(_row(one), markup=False, soft_wrap=True)
        if name in others:
            screen.print(f"{name}: {others[name]}", markup=False)
    part = page_part(found, others)
    screen.print(part.partition("\n")[0], markup=False)
    if write:
        page = PAGE.read_text("utf-8")
        before, _, rest = page.partition(BEGIN)
        PAGE.write_text(f"{before}{BEGIN}\n{part}{END}{rest.partition(END)[2]}", "utf-8")
    sys.exit(not all(one.kept for one in found))


if __name__ == "__main__":
    main()
