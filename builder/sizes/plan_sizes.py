"""What a plan says of sizes: each due layer by itself, and with the others of its functions."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath

from builder.errors import SourceError
from builder.inputs.pyproject import read_pyproject
from builder.sizes.candidate import Candidate
from builder.sizes.forecast import Forecast
from builder.sizes.in_time import Question, forecasts
from builder.sizes.together import Together, together
from builder.sizes.verdicts import NOT_PREDICTED, TOO_LARGE, UNKNOWN, cannot_fit
from builder.spec.checks import ERROR, OFF
from builder.spec.layer_spec import LayerSpec
from builder.spec.runtimes import UNZIPPED_LIMIT
from builder.spec.toml_keys import table_in


def plan_sizes(layers: Mapping[str, Candidate]) -> dict[str, dict[str, str]]:
    """Return what the plan hook's answer has besides, by name, for layers that are due.

    ``size`` says it in a line; ``predicted_size`` are bytes unzipped; ``size_verdict`` is fits,
    close, too large, unknown or not predicted; ``size_fits`` is false where a plan is to be
    refused, with the text of ``size_refusal``.
    """
    due = {n: c for n, c in layers.items() if c.due and _is_asked(c)}
    questions = [Question(c.spec, c.root, c.fingerprint) for c in due.values()]
    found = dict(zip(due, forecasts(questions), strict=True)) if due else {}
    sizes = {name: None if c.due else c.released for name, c in layers.items()}
    sizes |= {name: forecast.known for name, forecast in found.items()}
    functions = {name: candidate.spec.scope.named for name, candidate in layers.items()}
    answers = {}
    for name, forecast in found.items():
        shared = together(name, sizes, functions)
        answers[name] = _answer(due[name].spec, forecast, shared)
    return answers


def _is_asked(candidate: Candidate) -> bool:
    """Whether the size is to be foreseen, and there is something to foresee."""
    spec = candidate.spec
    if spec.size_check == OFF:
        return False
    if spec.dependencies or spec.requirements or spec.package is None:
        return True
    try:
        document = read_pyproject(candidate.root, PurePosixPath(spec.package))
    except SourceError:
        return True
    project = table_in(document, "project")
    extras = table_in(document, "project", "optional-dependencies").values()
    plain = "name" in project and not project.get("dynamic") and not project.get("dependencies")
    return not plain or any(extras)


def _answer(spec: LayerSpec, forecast: Forecast, shared: Together | None) -> dict[str, str]:
    if forecast.why:
        verdict, line = NOT_PREDICTED, f"{NOT_PREDICTED}: {forecast.why}"
    else:
        verdict = forecast.verdict
        least = "at least " if verdict == UNKNOWN else ""
        line = (
            f"{least}{forecast.size:,} bytes unzipped, {forecast.packed:,} zipped: {verdict} "
            f"(Lambda takes {UNZIPPED_LIMIT:,} with the function)"
        )
    refusal = ""
    if forecast.certain:
        refusal = _alone(spec, forecast)
    elif shared is not None and not shared.fits:
        line += f"; {shared}"
        verdict = TOO_LARGE
        refusal = _shared(spec, shared) if cannot_fit(shared.size, spec.slim) else ""
    refusal = refusal if spec.size_check == ERROR else ""
    return {
        "size": line,
        "predicted_size": str(forecast.size) if not forecast.why else "",
        "size_verdict": verdict,
        "size_fits": "false" if refusal else "true",
        "size_refusal": refusal,
    }


def _alone(spec: LayerSpec, forecast: Forecast) -> str:
    width = max(len(row.name) for row in forecast.table)
    rows = [
        f"  {row.name:<{width}}  {row.size:>13,}  {row.size / UNZIPPED_LIMIT:>4.0%}"
        for row in forecast.table
    ]
    lines = [
        f"{forecast.size:,} bytes unzipped are predicted, and Lambda takes {UNZIPPED_LIMIT:,}, "
        "the function and its other layers among them. The largest packages:",
        *rows,
        "What to do:",
        *(f"  - {line}" for line in forecast.advice),
        *_more(spec),
    ]
    return "\n".join(lines)


def _shared(spec: LayerSpec, shared: Together) -> str:
    return "\n".join([f"{shared}.", "What to do:", *_more(spec)])


def _more(spec: LayerSpec) -> list[str]:
    return [
        f"  - see more: lambda-layer size {spec.name} --advice",
        '  - build it all the same: size_check = "warn"',
    ]
