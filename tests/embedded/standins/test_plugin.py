import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from embedded.terraform import Running, Terraform
from tests.patience import PATIENCE, wait_until

pytestmark = pytest.mark.usefixtures("terraform")

REQUIRED = {"external": {"source": "hashicorp/external", "version": "2.3.5"}}


@pytest.fixture
def sleeping(tmp_path: Path, schemas: Path) -> Terraform:
    """Terraform with the providers as its own children, and a program that never ends."""
    script = tmp_path / "forever.py"
    script.write_text(
        "import os, time\n"
        f"with open({str(tmp_path / 'pids')!r}, 'w') as file:\n"
        "    file.write(f'{os.getpid()} {os.getppid()} ')\n"
        "time.sleep(600)\n"
    )
    program = [sys.executable, str(script)]
    document = {
        "terraform": {"required_providers": REQUIRED},
        "data": {"external": {"it": {"program": program}}},
    }
    (tmp_path / "main.tf.json").write_text(json.dumps(document))
    terraform = Terraform(
        tmp_path, dict(os.environ), tmp_path / "home", providers="stand-ins", schemas=schemas
    )
    terraform.run("init")
    return terraform


def pids(folder: Path) -> list[int]:
    """Return the ids of the program and of the provider that runs it."""
    written = folder / "pids"
    wait_until(lambda: written.exists() and written.read_text().endswith(" "))
    return [int(pid) for pid in written.read_text().split()]


def alive(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def unleashed(terraform: Terraform, *arguments: str) -> subprocess.Popen[bytes]:
    """Start terraform as other people do: nobody ends what it leaves behind."""
    return subprocess.Popen(
        [str(terraform.program.path), *arguments],
        cwd=terraform.folder,
        env=terraform.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_nothing_is_left_when_terraform_is_killed(sleeping: Terraform) -> None:
    with unleashed(sleeping, "plan") as process:
        program, provider = pids(sleeping.folder)
        process.kill()
    wait_until(lambda: not alive(program) and not alive(provider))


def test_an_interrupt_ends_the_program_and_then_terraform(sleeping: Terraform) -> None:
    with sleeping.start("plan") as running:
        pids(sleeping.folder)
        running.signal(signal.SIGINT)
        result = running.wait(PATIENCE)
    assert result.exit_code == 1
    assert "Interrupt received" in result.stdout
    assert "signal: 9" in result.stderr


def test_a_command_that_is_left_is_ended(sleeping: Terraform) -> None:
    with sleeping.start("plan") as running:
        assert isinstance(running, Running)
        program, provider = pids(sleeping.folder)
    assert not alive(program)
    assert not alive(provider)


def test_a_provider_says_that_terraform_runs_it(schemas: Path) -> None:
    command = [sys.executable, "-m", "embedded.standins", "external", "--schemas"]
    ended = subprocess.run(
        [*command, str(schemas)], capture_output=True, text=True, check=False, timeout=PATIENCE
    )
    assert ended.returncode == 1
    assert ended.stderr == "This program is a Terraform provider: terraform runs it.\n"
