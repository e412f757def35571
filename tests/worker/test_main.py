import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from builder.worker import __main__ as program

if TYPE_CHECKING:
    from tests.worker.conftest import MakeBundle


def test_an_error_is_one_block_at_the_end_of_stderr(make_bundle: "MakeBundle") -> None:
    bundle = make_bundle(dependencies=["six"])
    (bundle.path / "request.json").write_text("{}")

    result = bundle.run()

    assert result.status == 1
    lines = result.errors.splitlines()
    assert lines[0].startswith("ERROR: the request cannot be read")
    assert [line.split()[0] for line in lines[1:]] == ["where:", "expected:", "fix:"]


def test_debug_mode_adds_the_traceback_before_the_error(make_bundle: "MakeBundle") -> None:
    bundle = make_bundle(dependencies=["six"])
    (bundle.path / "request.json").write_text(json.dumps({"schema": 9}))

    result = bundle.run(env={"LAYER_DEBUG": "true"})

    assert "Traceback" in result.errors
    assert result.errors.rindex("ERROR:") > result.errors.rindex("Traceback")


@pytest.mark.parametrize(("words", "status"), [([], 2), (["pack"], 2), (["--help"], 0)])
def test_wrong_usage_shows_the_commands(
    words: list[str],
    status: int,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as ended:
        program.main(words)

    assert ended.value.code == status
    shown = capsys.readouterr()
    assert "tools|build" in shown.out + shown.err


@pytest.mark.slow
def test_a_merge_runs_the_buildspec_of_every_build(make_bundle: "MakeBundle") -> None:
    """``build`` wants the parts."""
    bundle = make_bundle(dependencies=["six"])
    merging = {"LAYER_MERGE": "true"}

    build = bundle.run("build", env=merging)

    assert build.status == 1
    assert build.errors.startswith("ERROR: there is no part for")
    assert bundle.run("merge").errors.startswith("ERROR: there is no part for")


def test_a_target_that_the_layer_does_not_have_is_refused(make_bundle: "MakeBundle") -> None:
    result = make_bundle(dependencies=["six"]).run(env={"LAYER_TARGET": "python3.2"})

    assert result.status == 1
    assert result.errors.startswith("ERROR: the layer has no target 'python3.2'")


def test_the_systems_refusal_is_reported_like_every_error() -> None:
    error = program.from_system(OSError(28, "No space left on device", "/x"))

    assert error.what == "the build machine refused: No space left on device"
    assert error.where == "/x"


def test_a_folder_that_cannot_be_copied_is_reported_by_its_first_file(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / "from" / name).mkdir(parents=True)
        (tmp_path / "from" / name / "file").symlink_to("/nowhere")
    with pytest.raises(shutil.Error) as caught:
        shutil.copytree(tmp_path / "from", tmp_path / "to")

    error = program.from_system(caught.value)

    assert error.what == "the build machine refused: No such file or directory"
    assert error.where.endswith("/file")


def test_the_worker_imports_nothing_but_the_standard_library_and_itself() -> None:
    for file in Path(program.__file__).parent.rglob("*.py"):
        text = file.read_text()
        assert "import builder" not in text
        assert "from builder" not in text


@pytest.mark.slow
def test_debug_mode_keeps_the_build_directory_and_changes_no_byte_of_the_layer(
    make_bundle: "MakeBundle",
) -> None:
    bundle = make_bundle(dependencies=["six"])
    assert bundle.run().status == 0
    assert not (bundle.path / "out/debug").exists()
    plain = (bundle.path / "out/layer.zip").read_bytes()

    assert bundle.run(env={"LAYER_DEBUG": "true"}).status == 0
    assert (bundle.path / "out/debug/build.zip").is_file()
    assert (bundle.path / "out/layer.zip").read_bytes() == plain


@pytest.mark.slow
def test_a_failed_build_is_kept_too_in_debug_mode(make_bundle: "MakeBundle") -> None:
    bundle = make_bundle(dependencies=["there-is-no-such-distribution-at-all"])
    result = bundle.run(env={"LAYER_DEBUG": "true"})

    assert result.status == 1
    assert (bundle.path / "out/debug/build.zip").is_file()
    assert not (bundle.path / "out/manifest.json").exists()
