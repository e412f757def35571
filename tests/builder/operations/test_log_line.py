import io

import pytest

from builder.operations.log_line import ERROR, NOTE, PHASE, STEP, TEXT, Step, parse
from builder.worker.log import Log


@pytest.mark.parametrize(
    ("line", "kind", "text"),
    [
        ("[Container] 2026/11/23 09:37:04.5 Entering phase BUILD", PHASE, "Entering phase BUILD"),
        ("[   1.4s] auditing 812 files", STEP, "auditing 812 files"),
        ("[1234.5s] done: 3 packages", STEP, "done: 3 packages"),
        ("          NOTE: attrs has no wheel", NOTE, "attrs has no wheel"),
        ("ERROR: no such package", ERROR, "no such package"),
        ("  where:    requirements.txt", TEXT, "  where:    requirements.txt"),
        ("          | $ uv pip install", TEXT, "          | $ uv pip install"),
        ("", TEXT, ""),
    ],
)
def test_a_line_says_what_it_is(line: str, kind: str, text: str) -> None:
    found = parse(line)

    assert (found.kind, found.text) == (kind, text)
    assert (found.step is not None) == (kind == STEP)


@pytest.mark.parametrize(
    ("line", "step"),
    [
        (
            "[  12.0s] installing 12 of 40 for python3.12 on arm64",
            Step("installing 12 of 40 for python3.12 on arm64", 12.0, 12, 40),
        ),
        ("[   0.1s] batch 250 of 3,000", Step("batch 250 of 3,000", 0.1, 250, 3000)),
        ("[   3.0s] resolving a and b", Step("resolving a and b", 3.0)),
    ],
)
def test_a_step_says_how_far_it_is(line: str, step: Step) -> None:
    assert parse(line).step == step


def test_what_the_worker_writes_is_understood() -> None:
    written = io.StringIO()
    log = Log(written, clock=lambda: 0.0)
    log.step("packing 3 files")
    log.note("something")
    log.table(["4.2 MB numpy"])

    kinds = [parse(line).kind for line in written.getvalue().splitlines()]
    assert kinds == [STEP, NOTE, TEXT]
