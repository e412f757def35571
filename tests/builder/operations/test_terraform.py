"""Terraform as a program that says things and ends, stood in for by scripts; tests/terraform has
the real one (test_deploy.py)."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from builder.errors import LayerError
from builder.operations.terraform import Terraform, find_program, plan_file
from tests.patience import PATIENCE, wait_until


def program(folder: Path, text: str, name: str = "terraform") -> Path:
    file = folder / name
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)
    return file


def terraform(folder: Path, text: str, said: list[str] | None = None) -> Terraform:
    made = program(folder, text)
    lines = [] if said is None else said
    return Terraform(folder, str(made), {"PATH": os.defpath}, lines.append)


def message(**fields: object) -> str:
    return "echo '" + json.dumps(fields) + "'"


def test_the_program_is_terraform_then_tofu_or_what_is_named(tmp_path: Path) -> None:
    path = {"PATH": str(tmp_path)}
    with pytest.raises(LayerError, match="neither terraform nor tofu"):
        find_program(path)
    tofu = program(tmp_path, "", "tofu")
    assert find_program(path) == str(tofu)
    first = program(tmp_path, "")
    assert find_program(path) == str(first)
    assert find_program({**path, "TERRAFORM": str(tofu)}) == str(tofu)
    with pytest.raises(LayerError, match="gone is not on the PATH"):
        find_program({**path, "TERRAFORM": "gone"})


def test_a_plan_is_what_it_would_do(tmp_path: Path) -> None:
    shown = {
        "resource_changes": [
            {"address": "a.new", "change": {"actions": ["create"]}},
            {"address": "a.other", "change": {"actions": ["delete", "create"]}},
            {"address": "a.old", "change": {"actions": ["update"]}},
            {"address": "data.x", "change": {"actions": ["read"]}},
            {"address": "a.same", "change": {"actions": ["no-op"]}},
        ],
        "output_changes": {"web": {"actions": ["update"]}, "same": {"actions": ["no-op"]}},
        "prior_state": {
            "values": {
                "root_module": {
                    "resources": [
                        {"type": "aws_region", "values": {"name": "eu-west-1"}},
                        {"type": "external", "values": {"program": ["x"], "result": {"a": "b"}}},
                        {
                            "type": "external",
                            "values": {
                                "program": ["lambda-layer", "hook", "plan"],
                                "result": {"web": '{"status": "stale"}'},
                            },
                        },
                    ]
                }
            }
        },
    }
    with plan_file() as file:
        changes = terraform(tmp_path, message(**shown)).plan(file)

    assert (changes.add, changes.change, changes.remove, changes.outputs) == (
        ("a.new", "a.other"), ("a.old",), ("a.other",), ("web",),
    )  # fmt: skip
    assert changes
    assert changes.layers == {"web": {"status": "stale"}}
    assert not file.parent.exists()


def test_a_plan_that_changes_nothing_is_none(tmp_path: Path) -> None:
    with plan_file() as file:
        assert not terraform(tmp_path, "echo '{}'").plan(file)


def test_steps_are_said_and_a_failure_is_the_programs_own_words(tmp_path: Path) -> None:
    said: list[str] = []
    text = "\n".join(
        [
            message(**{"type": "apply_start", "@message": "a.b: Creating..."}),
            message(**{"type": "apply_progress", "@message": "a.b: Still creating..."}),
            "echo no json; echo 5; echo '[]'",
            message(type="diagnostic", diagnostic={"severity": "warning", "summary": "odd"}),
            message(
                type="diagnostic",
                diagnostic={
                    "severity": "error", "summary": "It broke", "detail": "why", "address": "a.b",
                },
            ),
            message(type="diagnostic", diagnostic={"severity": "error", "summary": "More"}),
            "exit 1",
        ]
    )  # fmt: skip
    with pytest.raises(LayerError) as caught:
        terraform(tmp_path, text, said).apply(tmp_path / "plan")

    assert said == ["a.b: Creating..."]
    assert caught.value.what == "terraform apply failed: a.b: It broke\nwhy\nERROR: More"


def test_an_error_of_our_hook_leads_without_its_progress(tmp_path: Path) -> None:
    # The detail as hashicorp/external 2.3.5 writes it.
    ours = "ERROR: the build of layer 'web' failed: no x\n  | ERROR: no x\n  fix:      change it"
    before, after = "Program: x\nError Message: lambda-layer: started", "State: exit status 1"
    said = {
        "severity": "error",
        "summary": "External Program Execution Failed",
        "detail": f"{before}\n{ours}\n\n{after}",
        "address": "data.external.web_release",
    }
    line = json.dumps({"type": "diagnostic", "diagnostic": said})
    with pytest.raises(LayerError) as caught:
        terraform(tmp_path, f"cat <<'END'\n{line}\nEND\nexit 1").apply(tmp_path / "plan")

    first, *rest = caught.value.what.splitlines()
    assert first == "terraform apply failed: the build of layer 'web' failed: no x"
    assert rest == ["  | ERROR: no x", "  fix:      change it"]


def test_what_init_says_on_stderr_is_the_error(tmp_path: Path) -> None:
    with pytest.raises(LayerError, match="terraform init failed: no such provider"):
        terraform(tmp_path, "echo no such provider >&2; exit 1").init()


def test_outputs_are_values(tmp_path: Path) -> None:
    found = terraform(tmp_path, message(web={"value": {"version": 3}, "sensitive": False}))
    assert found.outputs() == {"web": {"version": 3}}


def test_a_program_that_says_much_on_both_sides_does_not_hang(tmp_path: Path) -> None:
    text = "i=0; while [ $i -lt 3000 ]; do echo $i-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; "
    text += "echo yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy >&2; i=$((i+1)); done"
    terraform(tmp_path, text).init()


WAITS = """
import sys
from pathlib import Path
from builder.operations.terraform import Terraform
folder = Path(sys.argv[1])
Terraform(folder, str(folder / "terraform"), {"PATH": "/usr/bin:/bin"}, print).apply(folder / "p")
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupt_reaches_the_program_once_and_is_waited_for(
    tmp_path: Path, number: signal.Signals
) -> None:
    program(
        tmp_path,
        "trap 'echo once >> ended; sleep 0.5; echo state >> ended; exit 1' INT\n"
        "touch began; i=0; while [ $i -lt 600 ]; do sleep 0.1; i=$((i+1)); done",
    )
    command = [sys.executable, "-c", WAITS, str(tmp_path)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        wait_until(lambda: (tmp_path / "began").exists(), "the program to begin")
        time.sleep(0.1)
        process.send_signal(number)
        said, _ = process.communicate(timeout=PATIENCE)
        assert process.returncode != 0
    assert (tmp_path / "ended").read_text().split() == ["once", "state"]
    assert said == "waiting for terraform to end in order; again: at once\n"


def test_what_nohup_ignores_does_not_end_the_program(tmp_path: Path) -> None:
    program(tmp_path, "touch began; sleep 0.5; touch ended")
    waits = WAITS.replace("import sys\n", "import signal, sys\n").replace(
        "folder =", "signal.signal(signal.SIGHUP, signal.SIG_IGN)\nfolder ="
    )
    with subprocess.Popen([sys.executable, "-c", waits, str(tmp_path)]) as process:
        wait_until(lambda: (tmp_path / "began").exists(), "the program to begin")
        process.send_signal(signal.SIGHUP)
        assert process.wait(PATIENCE) == 0
    assert (tmp_path / "ended").exists()


def test_the_workspace_is_the_one_that_terraform_says(tmp_path: Path) -> None:
    assert terraform(tmp_path, '[ "$*" = "workspace show" ] && echo dev').workspace() == "dev"
    with pytest.raises(LayerError, match="workspace show failed"):
        terraform(tmp_path, "exit 1").workspace()
