"""Packages that people try to put into layers, taken through the prediction and its advice.

Writes tables of docs/size-analysis.md; ``make sizes`` does that, and compares with builds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import click
from rich.console import Console

from bench.sizes import PAGE
from builder.sizes.advice import Advice, advise
from builder.sizes.model import LayerSize
from builder.sizes.predict import predict
from builder.sizes.substitute import tried
from builder.spec.layer_spec import LayerSpec

BEGIN, END = "<!-- analysis: begin -->", "<!-- analysis: end -->"
PYTHON, ARCHITECTURE = "3.12", "x86_64"
LARGEST = 6

CASES: Mapping[str, tuple[str, ...]] = {
    "ChromaDB": ("chromadb",),
    "PyTorch": ("torch",),
    "SciPy with scikit-learn": ("scipy", "scikit-learn"),
    "PyArrow with pandas": ("pyarrow", "pandas"),
    "OpenCV": ("opencv-python",),
    "Playwright": ("playwright",),
}
KNOWN = {"onnxruntime": 128, "sympy": 72, "chromadb": 44}
"""What made up the most of ChromaDB's 478 MB when it was looked at before: MB by package, the last
being its own bindings."""


def case(title: str, requirements: Sequence[str]) -> str:
    """Return one package's section, as Markdown."""
    spec = LayerSpec(
        name="analysis",
        python=(PYTHON,),
        architecture=ARCHITECTURE,
        dependencies=tuple(requirements),
    )
    with TemporaryDirectory(prefix="analysis-") as made:
        found = predict(spec, Path(made))
        saved = tried(found, spec, Path(made), lambda _: None)
    lines = [f"### {title}", "", f"`lambda-layer size {' '.join(requirements)} --python {PYTHON}`"]
    lines += ["", _sentence(found), "", *_packages(found)]
    if title == "ChromaDB":
        lines += ["", *_culprits(found)]
    return "\n".join([*lines, "", *_advice(advise(found, spec, saved))]) + "\n"


def _sentence(found: LayerSize) -> str:
    target = found.targets[0]
    known = "" if found.is_known else "at least "
    return (
        f"**{found.verdict}**: {len(target.packages)} packages, {known}{_mb(found.size)} unzipped "
        f"({found.size / found.limit:.0%} of the limit), {_mb(found.packed)} zipped."
    )


def _packages(found: LayerSize) -> list[str]:
    target = found.targets[0]
    largest = sorted(target.packages, key=lambda package: -package.size)[:LARGEST]
    rows = ["| package | unzipped | with all that only it needs |", "|---|---|---|"]
    for package in largest:
        alone = target.exclusive[package.name]
        rows.append(f"| {package.name} {package.version} | {_mb(package.size)} | {_mb(alone)} |")
    return rows


def _culprits(found: LayerSize) -> list[str]:
    target = found.targets[0]
    rows = ["| culprit | before | now | why it is there |", "|---|---|---|---|"]
    for name, before in KNOWN.items():
        if name not in target.sizes:
            rows.append(f"| {name} | {before} MB | gone | nothing needs it any more |")
            continue
        above = ", then ".join(target.graph.because[name])
        why = f"only because of {above}" if above else "the layer asks for it"
        rows.append(f"| {name} | {before} MB | {_mb(target.sizes[name])} | {why} |")
    return rows


def _advice(advice: Sequence[Advice]) -> list[str]:
    if not advice:
        return ["Nothing has to be done."]
    rows = ["| what to do | saves | fits then |", "|---|---|---|"]
    for each in advice:
        saves = _mb(each.saves) if each.saves else ""
        rows.append(f"| {each.kind}: {each.text} | {saves} | {'yes' if each.fits else ''} |")
    return rows


def _mb(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"


@click.command()
def main() -> None:
    """Take the packages through the prediction; write docs/size-analysis.md."""
    screen = Console(width=150, highlight=False)
    parts = []
    for title, requirements in CASES.items():
        parts.append(case(title, requirements))
        screen.print(parts[-1], markup=False)
    page = PAGE.read_text("utf-8")
    before, _, rest = page.partition(BEGIN)
    after = rest.partition(END)[2]
    PAGE.write_text(f"{before}{BEGIN}\n" + "\n".join(parts) + f"{END}{after}", "utf-8")


if __name__ == "__main__":
    main()
