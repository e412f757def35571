import base64
import hashlib
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from builder.worker.errors import BuildError
from builder.worker.request import Target
from builder.worker.resolve import wheels

if TYPE_CHECKING:
    from tests.worker.conftest import MakeBundle, MakeWheel


def test_a_wheel_has_its_name_version_and_extras(tmp_path: Path, make_wheel: "MakeWheel") -> None:
    wheel = wheels.read(make_wheel(tmp_path, "My_Pkg", "2.0"), "libs/my")

    assert (wheel.name, wheel.version, wheel.extras) == ("my-pkg", "2.0", ())


def a_zip(files: dict[str, str], path: Path) -> bytes:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path.read_bytes()


METADATA = "Metadata-Version: 2.1\nName: mine\nVersion: 1.0\n"
NO_WHEELS: dict[str, tuple[dict[str, str] | bytes, str]] = {
    "no zip": (b"version https://git-lfs.github.com/spec/v1\n", "not a zip file"),
    "empty": (b"", "not a zip file"),
    "no metadata": ({"mine.py": ""}, "it has 0 files *.dist-info/METADATA"),
    "two": (
        {"a-1.dist-info/METADATA": METADATA, "b-1.dist-info/METADATA": METADATA},
        "it has 2 files *.dist-info/METADATA",
    ),
    "no name": ({"a-1.dist-info/METADATA": "Version: 1\n"}, "METADATA: it has no Name"),
    "no version": ({"a-1.dist-info/METADATA": "Name: a\n"}, "METADATA: it has no Version"),
    "a name of two lines": (
        {"a-1.dist-info/METADATA": "Name: a\n b\nVersion: 1\n"},
        r"a-1.dist-info/METADATA: it has the Name 'a\n b'",
    ),
    "two names": (
        {"a-1.dist-info/METADATA": "Name: a\nName: b\nVersion: 1\n"},
        "a-1.dist-info/METADATA: it has the Name 'a' and 'b'",
    ),
    "an odd version": (
        {"a-1.dist-info/METADATA": "Name: a\nVersion: 1\x1b[2J\n"},
        "it has the Version",
    ),
    "a bomb": ({"a-1.dist-info/METADATA": METADATA + " " * (17 << 20)}, "bytes"),
}


@pytest.mark.parametrize("shown", ["libs/mine", "libs/mine-1.0-py3-none-any.whl"])
@pytest.mark.parametrize("case", NO_WHEELS)
def test_what_is_no_wheel_is_refused(case: str, shown: str, tmp_path: Path) -> None:
    content, why = NO_WHEELS[case]
    wheel = tmp_path / "mine-1.0-py3-none-any.whl"
    wheel.write_bytes(content if isinstance(content, bytes) else a_zip(content, wheel))

    with pytest.raises(BuildError, match="no wheel") as caught:
        wheels.read(wheel, shown)
    assert shown in caught.value.what
    assert why in caught.value.where


@pytest.mark.slow
def test_a_backend_that_writes_no_wheel_is_named(make_bundle: "MakeBundle") -> None:
    backend = (
        "def build_wheel(folder, config_settings=None, metadata_directory=None):\n"
        "    name = 'mine-1.0-py3-none-any.whl'\n"
        "    open(folder + '/' + name, 'w').write('nothing')\n"
        "    return name\n"
    )
    pyproject = (
        '[project]\nname = "mine"\nversion = "1.0"\n'
        '[build-system]\nrequires = []\nbuild-backend = "odd"\nbackend-path = ["."]\n'
    )

    refused = make_bundle({"pyproject.toml": pyproject, "odd.py": backend}, package=".").run()

    assert refused.status == 1
    assert "Traceback" not in refused.errors
    assert "ERROR: the build of . made a file that is no wheel" in refused.errors
    assert "Traceback" not in refused.errors


def test_an_extra_that_is_not_there_is_refused_with_those_that_are(tmp_path: Path) -> None:
    wheel = wheels.ProjectWheel("a", "1", ("tables", "all"), "libs/a", tmp_path)

    wheels.check_extras(wheel, ("Tables",))
    with pytest.raises(BuildError, match="a has no extra 'pdf'") as caught:
        wheels.check_extras(wheel, ("pdf",))
    assert caught.value.expected == "one of tables, all"


@pytest.mark.parametrize(
    ("text", "helped"),
    [('requires = ["hatchling", "hatch-vcs"]', True), ('requires = ["hatchling"]', False)],
)
def test_a_version_that_git_would_give_is_given_where_git_is_not(
    text: str, helped: bool, tmp_path: Path
) -> None:
    (tmp_path / "pyproject.toml").write_text(text)

    assert bool(wheels.version_variables(tmp_path)) is helped


def test_a_repository_has_its_own_version(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('requires = ["setuptools-scm"]')
    (tmp_path / ".git").mkdir()

    assert wheels.version_variables(tmp_path) == {}


@pytest.mark.parametrize(
    ("tag", "native", "refused"),
    [
        ("py3-none-any", False, False),
        ("cp311-cp311-linux_x86_64", True, False),
        ("cp311-cp311-linux_x86_64", False, True),
    ],
)
def test_compiled_code_of_the_project_needs_the_targets_own_interpreter(
    tag: str, native: bool, refused: bool, tmp_path: Path, foreign: Target
) -> None:
    wheel = wheels.ProjectWheel("a", "1", (), "libs/a", tmp_path / f"a-1-{tag}.whl")

    if not refused:
        wheels.check_target(wheel, foreign, native=native)
        return
    with pytest.raises(BuildError, match="a has compiled code"):
        wheels.check_target(wheel, foreign, native=native)


@pytest.mark.parametrize(
    ("requires", "left"),
    [
        ("lib @ file:///tmp/x/lib", "lib"),
        ("lib[a,b]@file:///tmp/x/lib ; python_version > '3'", "lib[a,b] ; python_version > '3'"),
        ("lib @ https://files.example/lib.zip", "lib @ https://files.example/lib.zip"),
        ("lib>=1", "lib>=1"),
    ],
)
def test_paths_of_the_machine_are_taken_out_of_a_wheel(
    requires: str, left: str, tmp_path: Path, make_wheel: "MakeWheel"
) -> None:
    wheel = make_wheel(tmp_path, "mine", requires=(requires,))

    wheels.without_paths(wheel)

    with zipfile.ZipFile(wheel) as archive:
        metadata = archive.read("mine-1.0.dist-info/METADATA")
        record = archive.read("mine-1.0.dist-info/RECORD").decode()
    assert f"Requires-Dist: {left}\n" in metadata.decode()
    digest = base64.urlsafe_b64encode(hashlib.sha256(metadata).digest()).rstrip(b"=").decode()
    assert f"mine-1.0.dist-info/METADATA,sha256={digest},{len(metadata)}\n" in record


@pytest.mark.slow
@pytest.mark.parametrize(
    ("more", "gone"),
    [
        (["web/__init__.py", "utils/__init__.py", "tests/__init__.py"], ["utils/"]),
        (["web/__init__.py", "handler.py", "conftest.py"], ["handler.py"]),
        (["src/web/__init__.py", "web2/__init__.py"], ["web2/"]),
        (["web/__init__.py", "docs/conf.py"], []),
    ],
)
def test_what_setuptools_leaves_out_unasked_is_named(
    more: list[str], gone: list[str], make_bundle: "MakeBundle"
) -> None:
    files = dict.fromkeys(more, "")
    files["pyproject.toml"] = '[project]\nname = "web"\nversion = "1"\n'

    result = make_bundle(files, package=".").run()

    assert result.status == 0, result.errors
    said = [line for line in result.output.splitlines() if "setuptools left out" in line]
    assert len(said) == bool(gone)
    assert not gone or f"left out {', '.join(gone)}:" in said[0]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("files", "named"),
    [
        (["app/__init__.py", "infra/__init__.py", "data/x.txt"], "app, data, infra"),
        (["handler.py", "tools.py"], "handler, tools"),
    ],
)
def test_what_setuptools_cannot_choose_from_is_named(
    files: list[str], named: str, make_bundle: "MakeBundle"
) -> None:
    bundle = make_bundle(
        {**dict.fromkeys(files, ""), "pyproject.toml": '[project]\nname = "x"\nversion = "1"\n'},
        package=".",
    )

    refused = bundle.run()
    pyproject = bundle.path / "project" / "pyproject.toml"
    kind = "py-modules" if "handler" in named else "packages"
    first = named.split(",")[0]
    pyproject.write_text(pyproject.read_text() + f'[tool.setuptools]\n{kind} = ["{first}"]\n')
    followed = bundle.run()

    assert refused.status == 1
    assert f"of which setuptools cannot choose: {named}" in " ".join(refused.errors.split())
    assert f'{kind} = ["{first}"]' in refused.errors
    assert followed.status == 0, followed.errors


@pytest.mark.parametrize(
    "said", ['[build-system]\nrequires = ["x"]\n', "[tool.setuptools]\npackages = ['web']\n"]
)
def test_what_the_package_itself_chose_is_not_left_out(
    said: str, tmp_path: Path, make_wheel: "MakeWheel"
) -> None:
    (tmp_path / "pyproject.toml").write_text(said)
    (tmp_path / "handler.py").write_text("")

    assert wheels.left_out(tmp_path, make_wheel(tmp_path / "out", "web")) == []
