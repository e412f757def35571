from pathlib import Path

import pytest

from builder import __version__
from builder.operations.doctor.machine import examine_machine


def programs(folder: Path, monkeypatch: pytest.MonkeyPatch, **said: str) -> None:
    """Put programs that say something on the PATH, and no others."""
    folder.mkdir(exist_ok=True)
    for name, text in said.items():
        program = folder / name.replace("_", "-")
        program.write_text(f"#!/bin/sh\n/bin/cat <<'END'\n{text}\nEND\n")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))


def verdicts() -> dict[str, str]:
    return {finding.subject: finding.verdict for finding in examine_machine()}


GOOD = {
    "lambda_layer": f"lambda-layer, version {__version__}",
    "terraform": '{"terraform_version": "1.4.0"}',
    "node": "v18.0.0",
}


def test_all_is_well_where_everything_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs(tmp_path / "bin", monkeypatch, **GOOD)

    assert verdicts() == {"lambda-layer": "ok", "terraform": "ok", "node": "ok"}


def test_another_terraform_is_looked_at_when_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs(tmp_path / "bin", monkeypatch, **GOOD, tofu='{"terraform_version": "1.3.0"}')
    monkeypatch.setenv("TERRAFORM", "tofu")

    assert verdicts()["terraform"] == "problem"
    monkeypatch.setenv("TERRAFORM", "no-such-program")
    (found,) = (f for f in examine_machine() if f.subject == "terraform")
    assert "no-such-program" in found.seen


def test_what_is_missing_is_named_with_where_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs(tmp_path / "bin", monkeypatch)

    assert verdicts() == {"lambda-layer": "problem", "terraform": "problem", "node": "warning"}
    assert all(finding.fix for finding in examine_machine())


@pytest.mark.parametrize(
    ("program", "said", "verdict"),
    [
        ("lambda_layer", "lambda-layer, version 0.0.7", "warning"),
        ("terraform", '{"terraform_version": "1.3.9"}', "problem"),
        ("terraform", '{"terraform_version": "2.0.0-alpha"}', "ok"),
        ("terraform", "Terraform v1.0", "warning"),
        ("node", "v16.20.2", "warning"),
        ("node", "", "warning"),
    ],
)
def test_versions_are_judged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str, said: str, verdict: str
) -> None:
    programs(tmp_path / "bin", monkeypatch, **{**GOOD, program: said})

    found = verdicts()
    assert found.pop(program.replace("_", "-")) == verdict
    assert set(found.values()) == {"ok"}


def test_a_program_that_cannot_be_started_is_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs(tmp_path / "bin", monkeypatch, **GOOD)
    (tmp_path / "bin" / "terraform").write_text("\x00\x01")

    assert verdicts()["terraform"] == "warning"
