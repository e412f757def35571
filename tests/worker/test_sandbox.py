"""What goes into a sandbox, and what is taken out of it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from builder.worker import cage, sandbox
from builder.worker.errors import BuildError
from builder.worker.log import Log
from builder.worker.sandbox import Sandbox, take
from tests.patience import PATIENCE

SECRETS = {
    "AWS_ACCESS_KEY_ID": "AKIA",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "AWS_SESSION_TOKEN": "secret",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/secret",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI": "secret",
    "AWS_WEB_IDENTITY_TOKEN_FILE": "secret",
    "ECS_CONTAINER_METADATA_URI_V4": "secret",
    "CODEBUILD_BUILD_ARN": "secret",
    "UV_INDEX_LAYER_1_PASSWORD": "secret",
    "UV_INDEX_LAYER_1_USERNAME": "secret",
    "UV_PUBLISH_TOKEN": "secret",
    "PIP_INDEX_URL": "https://user:secret@host/",
    "GITHUB_TOKEN": "secret",
    "NETRC": "secret",
}


def test_no_credential_is_in_the_environment_inside(tmp_path: Path) -> None:
    tools = {"PATH": os.environ["PATH"], "CFLAGS": "-O2", "LANG": "C.UTF-8"}
    ways = {"HTTPS_PROXY": "http://user:secret@proxy:3128", "UV_INDEX": "a=https://u:secret@h/"}
    box = Sandbox(tmp_path)

    given = box.environment({**SECRETS, **tools, **ways})

    assert given.items() >= tools.items()
    assert given["HTTPS_PROXY"] == "http://proxy:3128"
    assert given["UV_INDEX"] == "a=https://h/"
    assert "secret" not in str(given)
    assert given["HOME"] == str(box.home)


def test_a_program_inside_has_a_home_and_a_place_for_temporary_files(tmp_path: Path) -> None:
    box = Sandbox(tmp_path)
    code = "import pathlib, tempfile; tempfile.mkdtemp(); (pathlib.Path.home() / 'x').mkdir()"

    ended = subprocess.run(
        box.command([sys.executable, "-c", code]),
        env=box.environment(os.environ),
        timeout=PATIENCE,
        check=False,
    )

    assert ended.returncode == 0
    assert (box.home / "x").is_dir()
    assert list(box.temporary.iterdir())


READS = """
import pathlib, sys
for name in sys.argv[1:]:
    try:
        print(pathlib.Path(name).read_text())
    except OSError as error:
        print(type(error).__name__)
"""


@pytest.mark.skipif(not cage.landlock_abi(), reason="this kernel has no Landlock")
def test_what_the_build_machine_keeps_beside_the_source_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build, box = tmp_path / "build", Sandbox(tmp_path / "build" / "src" / "box")
    for name in ("src/own.py", "shell/env.sh", "bin/tool", "home/.netrc"):
        (build / name).parent.mkdir(parents=True, exist_ok=True)
        (build / name).write_text(f"text of {name}")
    (build / "src" / "link").symlink_to(build / "shell" / "env.sh")
    (tmp_path / "elsewhere").write_text("elsewhere")
    monkeypatch.setenv("CODEBUILD_SRC_DIR", str(build / "src"))
    monkeypatch.setenv("PATH", f"{build / 'bin'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.chdir(build / "src")
    names = ("src/own.py", "bin/tool", "shell/env.sh", "home/.netrc", "src/link", "../elsewhere")

    ended = subprocess.run(
        box.command([sys.executable, "-c", READS, *(str(build / name) for name in names)]),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=True,
    )

    assert ended.stdout.splitlines() == [
        *("text of src/own.py", "text of bin/tool"),
        *("PermissionError", "PermissionError", "PermissionError"),
        "elsewhere",
    ]


def test_nothing_is_closed_on_a_machine_that_is_not_codebuilds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sandbox, "CODEBUILD", "/no/such/folder")

    assert sandbox.closed_folders({}) == []


def test_a_file_is_taken_out(tmp_path: Path) -> None:
    (tmp_path / "wheel").write_bytes(b"bytes")

    assert take(tmp_path / "wheel") == b"bytes"


def test_what_is_no_file_is_neither_followed_nor_waited_for(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "link").symlink_to("secret")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")

    for name in ("link", "folder", "pipe", "absent"):
        with pytest.raises(BuildError, match="cannot be read") as caught:
            take(tmp_path / name)
        assert "secret" not in str(caught.value)


def test_a_giant_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(sandbox.LARGEST + 1)

    with pytest.raises(BuildError, match="more than 1 GB"):
        take(tmp_path / "sparse")


@pytest.mark.parametrize(("abi", "said"), [(0, r"NOTE: this kernel has no Landlock"), (4, "^$")])
def test_the_log_says_when_nothing_is_confined(
    abi: int, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sandbox, "landlock_abi", lambda: abi)

    sandbox.announce(Log())

    assert re.search(said, capsys.readouterr().out)


def test_the_kernel_says_which_landlock_it_has() -> None:
    assert 0 <= cage.landlock_abi() < 100
