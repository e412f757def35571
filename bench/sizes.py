"""Predicted against built: what `lambda-layer size` says of real requirement sets, and the truth.

Each set is predicted, then built by the worker on this machine, and the two are compared. Sets that
need compiling are not among them: of those nothing is predicted. With ``--write`` the distribution
goes into docs/size-analysis.md.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

import click
from rich.console import Console

from bench.field import SETS as FIELD
from builder.errors import LayerError
from builder.inputs.bundle import bundle
from builder.sizes.cache import with_tools
from builder.sizes.local_worker import as_layer_errors, unpack
from builder.sizes.predict import predict
from builder.spec.layer_spec import LayerSpec
from builder.worker.log import Log

PAGE = Path(__file__).resolve().parents[1] / "docs" / "size-analysis.md"
BEGIN, END = "<!-- bench: begin -->", "<!-- bench: end -->"
LONGEST = 1200.0
"""Seconds that one build may take."""

NOT_WHEELS = {"sdist", "sklearn", "shadow", "windows", "typo"}
"""Sets of the field check that are there to be compiled, or to be refused."""

MORE: Mapping[str, tuple[str, ...]] = {
    "chroma": ("chromadb",),
    "science": ("scipy", "scikit-learn"),
    "arrow": ("pyarrow", "pandas"),
    "vision": ("opencv-python-headless",),
    "plots": ("matplotlib",),
    "duck": ("duckdb",),
    "tokens": ("tiktoken", "openai"),
    "boto": ("boto3",),
}
SETS: Mapping[str, tuple[str, ...]] = {
    **{name: set_ for name, set_ in FIELD.items() if name not in NOT_WHEELS},
    **MORE,
}
TARGETS = (("3.12", "arm64"), ("3.13", "x86_64"), ("3.11", "x86_64"), ("3.13", "arm64"))
"""Taken in turns: old and new glibc, both architectures, with and without an interpreter here."""

BUILD = "import sys; sys.path[0] = 'worker.pyz'; from pathlib import Path; "
BUILD += "from worker.build import build; from worker.log import Log; "
BUILD += "build(Path.cwd(), Log(), 1 << 40)"
"""The worker's build without its refusal above the limit: large sets are compared, too."""


@dataclass(frozen=True)
class Pair:
    """One set: bytes predicted and built, unzipped and zipped."""

    name: str
    target: str
    predicted: int
    built: int
    predicted_zip: int
    built_zip: int

    @property
    def error(self) -> float:
        """How far the prediction is off, as a share of what was built."""
        return (self.predicted - self.built) / self.built

    @property
    def zip_error(self) -> float:
        """The same of the zip."""
        return (self.predicted_zip - self.built_zip) / self.built_zip


def compare(name: str, requirements: Sequence[str], python: str, architecture: str) -> Pair | str:
    """Predict and build one set; return both, or why there is nothing to compare."""
    spec = LayerSpec(
        name="bench", python=(python,), architecture=architecture, dependencies=tuple(requirements)
    )
    with tempfile.TemporaryDirectory(prefix="bench-") as made:
        try:
            found = predict(spec, Path(made))
        except LayerError as error:
            return f"not resolved: {error.what}"
        if not found.is_known:
            return "unknown: " + ", ".join(package.name for package in found.targets[0].unknown)
        folder = Path(made) / "bundle"
        unpack(bundle(spec, Path(made), (), "0" * 64), folder)
        with as_layer_errors(name):
            (folder / ".tools").symlink_to(with_tools(Log(sys.stderr)) / ".tools")
        done = subprocess.run(
            [sys.executable, "-c", BUILD],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=LONGEST,
        )
        if done.returncode:
            return f"not built: {done.stderr.strip().splitlines()[-1][:200]}"
        manifest = json.loads((folder / "out" / "manifest.json").read_text())
    sizes = int(manifest["unzipped_size"]), int(manifest["zipped_size"])
    target = f"python{python} on {architecture}"
    return Pair(name, target, found.size, sizes[0], found.packed, sizes[1])


def page_part(pairs: Sequence[Pair], others: Mapping[str, str]) -> str:
    """Return the distribution and the table, as Markdown."""
    errors = sorted(abs(pair.error) for pair in pairs)
    zips = sorted(abs(pair.zip_error) for pair in pairs)
    rows = [
        "| | unzipped | zipped |",
        "|---|---|---|",
        f"| sets compared | {len(pairs)} | {len(pairs)} |",
        f"| error, median | {statistics.median(errors):.3%} | {statistics.median(zips):.2%} |",
        f"| 90 of 100 below | {_share(errors, 0.9):.3%} | {_share(zips, 0.9):.2%} |",
        f"| largest | {errors[-1]:.3%} | {zips[-1]:.2%} |",
        f"| within 2 % | {sum(error <= 0.02 for error in errors)} "
        f"| {sum(error <= 0.02 for error in zips)} |",
        "",
        "| set | target | predicted | built | error | zip predicted | zip built | error |",
        "|---|---|---|---|---|---|---|---|",
    ]
    rows += [
        f"| {pair.name} | {pair.target} | {pair.predicted:,} | {pair.built:,} | {pair.error:+.3%} "
        f"| {pair.predicted_zip:,} | {pair.built_zip:,} | {pair.zip_error:+.2%} |"
        for pair in pairs
    ]
    if others:
        rows += [
            "",
            "Not compared: " + "; ".join(f"{n} ({why})" for n, why in others.items()) + ".",
        ]
    return "\n".join(rows) + "\n"


def _share(errors: Sequence[float], share: float) -> float:
    return errors[min(int(len(errors) * share), len(errors) - 1)]


def replaced(page: str, part: str) -> str:
    """Return the page with another part between its marks."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{part}{END}{after}"


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(tuple(SETS)))
@click.option("--write", is_flag=True, help="Write the result into docs/size-analysis.md.")
def main(names: tuple[str, ...], *, write: bool) -> None:
    """Compare what is predicted with what is built; exit with 1 beyond 2 %."""
    screen = Console(width=150, highlight=False)
    pairs: list[Pair] = []
    others: dict[str, str] = {}
    for name, (python, architecture) in zip(names or tuple(SETS), cycle(TARGETS), strict=False):
        found = compare(name, SETS[name], python, architecture)
        if isinstance(found, str):
            others[name] = found
            screen.print(f"{name}: {found}", markup=False)
            continue
        pairs.append(found)
        sizes = f"predicted {found.predicted:,}, built {found.built:,}: {found.error:+.3%}"
        screen.print(f"{name} {found.target}: {sizes}, zip {found.zip_error:+.2%}")
    if pairs:
        part = page_part(pairs, others)
        screen.print(part.partition("\n\n")[0], markup=False)
        if write:
            PAGE.write_text(replaced(PAGE.read_text("utf-8"), part), "utf-8")
    sys.exit(any(abs(pair.error) > 0.02 for pair in pairs) or not pairs)


if __name__ == "__main__":
    main()
