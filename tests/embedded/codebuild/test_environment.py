import subprocess
import sys
from pathlib import Path

from embedded.codebuild.environment import Workspace, machine_variables
from tests.patience import PATIENCE


def test_builds_see_the_machines_network_and_nothing_else_of_the_user(tmp_path: Path) -> None:
    user = {
        "HOME": str(tmp_path),
        "PATH": "/bin",
        "HTTPS_PROXY": "http://proxy:1",
        "NO_PROXY": "intranet,localhost",
        "SSL_CERT_FILE": "/certs",
        "PIP_INDEX_URL": "https://index",
        "UV_CACHE_DIR": "/cache",
        "AWS_PROFILE": "production",
        "GITHUB_TOKEN": "secret",
        "PYTHONPATH": "/somewhere",
    }
    assert machine_variables(user) == {
        "PATH": "/bin",
        "HTTPS_PROXY": "http://proxy:1",
        "NO_PROXY": "intranet,127.0.0.1,localhost",
        "no_proxy": "intranet,127.0.0.1,localhost",
        "SSL_CERT_FILE": "/certs",
        "PIP_INDEX_URL": "https://index",
        "UV_CACHE_DIR": "/cache",
        "LANG": "C.UTF-8",
    }


def test_pip_and_uv_settings_are_found_though_home_is_another(tmp_path: Path) -> None:
    for name in ("pip/pip.conf", "uv/uv.toml"):
        (tmp_path / ".config" / name).parent.mkdir(parents=True)
        (tmp_path / ".config" / name).touch()
    found = machine_variables({"HOME": str(tmp_path)})
    assert found["PIP_CONFIG_FILE"] == str(tmp_path / ".config/pip/pip.conf")
    assert found["UV_CONFIG_FILE"] == str(tmp_path / ".config/uv/uv.toml")

    own = machine_variables({"HOME": str(tmp_path), "PIP_CONFIG_FILE": "/own"})
    assert own["PIP_CONFIG_FILE"] == "/own"


def test_python3_is_the_interpreter_that_was_named(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "a build")
    workspace.create(Path(sys.executable))
    done = subprocess.run(
        [workspace.programs / "python3", "-c", "import sys; print(sys.argv[1], sys.prefix)", "a b"],
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE,
    )
    assert done.stdout == f"a b {sys.prefix}\n"


def test_the_images_home_is_the_builds_home(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    assert workspace.resolve("/root/.cache") == workspace.home / ".cache"
    assert workspace.resolve("out") == workspace.source / "out"
    assert workspace.resolve("/tmp/out") == Path("/tmp/out")
