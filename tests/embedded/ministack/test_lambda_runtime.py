import subprocess
from pathlib import Path

from embedded.ministack import lambda_runtime
from tests.patience import PATIENCE


def test_the_interpreter_has_boto3_and_nothing_of_the_project(tmp_path: Path) -> None:
    program = lambda_runtime.create(tmp_path / "run time")
    check = (
        "import boto3, importlib.util as u, os;"
        "print([n for n in ('pytest', 'click', 'builder') if u.find_spec(n)], os.environ['X'])"
    )
    done = subprocess.run(
        [program, "-c", check],
        cwd=tmp_path,
        env={"X": "kept"},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert (done.stdout, done.stderr) == ("[] kept\n", "")
