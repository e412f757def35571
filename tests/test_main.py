from __future__ import annotations

import getpass
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import main
from tests.patience import PATIENCE

PROJECT = Path(__file__).parents[1]


def checkout(folder: Path) -> Path:
    """Copy what the stacks are made of."""
    for name in ("layers.toml", "examples"):
        source, copy = PROJECT / name, folder / name
        if source.is_dir():
            shutil.copytree(source, copy)
        else:
            folder.mkdir(parents=True)
            shutil.copyfile(source, copy)
    return folder


def synthesized(checkout: Path, **environment: str) -> dict[str, bytes]:
    """Run main.py in a process and a folder of its own; return the files it wrote."""
    subprocess.run(
        [sys.executable, PROJECT / "main.py", "--proof", "--config", checkout / "layers.toml"],
        cwd=checkout,
        env={**os.environ, "PYTHONPATH": str(PROJECT), **environment},
        check=True,
        timeout=PATIENCE,
    )
    return {
        path.relative_to(checkout).as_posix(): path.read_bytes()
        for path in (checkout / "cdktf.out").rglob("*")
        if path.is_file()
    }


@pytest.mark.slow
def test_two_checkouts_give_the_same_bytes_and_nothing_of_the_machine(tmp_path: Path) -> None:
    one = synthesized(checkout(tmp_path / "one"), PYTHONHASHSEED="1")
    two = synthesized(
        checkout(tmp_path / "an other" / "two"), PYTHONHASHSEED="2", TZ="Asia/Tokyo", LANG="C"
    )
    assert one == two
    assert set(one) == {
        "cdktf.out/manifest.json",
        "cdktf.out/stacks/fll-demo/cdk.tf.json",
        "cdktf.out/stacks/fll-demo/versions.tf",
        "cdktf.out/stacks/fll-demo/assets/proof.zip",
    }
    everything = b"".join(one.values()).decode("utf-8", "replace")
    for trace in (str(tmp_path), str(PROJECT), str(Path.home()), f"/{getpass.getuser()}/"):
        assert trace not in everything


def test_what_is_wrong_in_layers_toml_is_said_without_a_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "layers.toml"
    config.write_text('[app]\nname = "shop"\n\n[layers.web]\npyhton = ["3.13"]\n')
    assert main.main(["--config", str(config)]) == 1
    message = capsys.readouterr().err
    assert message.startswith("ERROR: unknown key 'pyhton'")
    assert "did you mean 'python'?" in message
    assert not (tmp_path / "cdktf.out").exists()


def test_sources_can_be_bundled(tmp_path: Path) -> None:
    project = checkout(tmp_path / "project")
    assert main.main(["--config", str(project / "layers.toml"), "--bundle-sources"]) == 0
    assets = project / "cdktf.out/stacks/fll-demo/assets"
    assert (assets / "receipts/examples/receipts/pyproject.toml").is_file()
    assert (assets / "science/examples/science/requirements.txt").is_file()


def test_cdktf_says_where_to_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = checkout(tmp_path / "project")
    monkeypatch.setenv("CDKTF_OUTDIR", str(project / "other.out"))
    monkeypatch.setenv("LAMBDA_LAYER_CONFIG", str(project / "layers.toml"))
    assert main.main([]) == 0
    assert (project / "other.out/stacks/fll-demo/cdk.tf.json").is_file()
    assert not (project / "cdktf.out").exists()
