"""Whole builds that are refused for what the layer holds."""

from typing import TYPE_CHECKING

import pytest

from builder.worker import build
from builder.worker.errors import BuildError
from builder.worker.log import Log
from builder.worker.request import Target
from tests.worker.samples import mine, offline

if TYPE_CHECKING:
    from tests.worker.conftest import Bundle, MakeBundle, MakeWheel


def native_bundle(
    make_bundle: "MakeBundle", make_wheel: "MakeWheel", target: Target, library: bytes
) -> "Bundle":
    bundle = make_bundle(targets=(target,), requirements=["requirements.txt"])
    digits = target.python.replace(".", "")
    tag = f"cp{digits}-cp{digits}-manylinux_2_17_{target.machine}"
    files = {"native/__init__.py": "", "native/_part.abi3.so": library}
    make_wheel(bundle.path / "project" / "wheels", "native", files=files, tag=tag)
    offline(bundle, "native")
    return bundle


@pytest.mark.slow
def test_a_wheel_with_files_of_another_machine_is_refused(
    make_bundle: "MakeBundle", make_wheel: "MakeWheel", foreign: Target, native_library: bytes
) -> None:
    result = native_bundle(make_bundle, make_wheel, foreign, native_library).run()

    assert result.status == 1
    assert "ERROR: native: compiled files for another machine" in result.errors
    assert "python/native/_part.abi3.so" in result.errors


@pytest.mark.slow
def test_a_wheel_with_symbols_newer_than_the_runtime_is_refused(
    make_bundle: "MakeBundle", make_wheel: "MakeWheel", here: Target, native_library: bytes
) -> None:
    old = Target(here.python, here.architecture, "2.5", f"{here.machine}-manylinux_2_17")

    result = native_bundle(make_bundle, make_wheel, old, native_library).run()

    assert result.status == 1
    assert "ERROR: native: compiled for a newer system than" in result.errors
    assert "at most GLIBC 2.5" in result.errors


@pytest.mark.slow
def test_a_module_that_cannot_be_imported_is_refused(make_bundle: "MakeBundle") -> None:
    files = mine()
    files["libs/mine/src/mine/__init__.py"] += "import not_there_at_all\n"

    result = make_bundle(files, package="libs/mine").run()

    assert result.status == 1
    assert "ERROR: mine cannot be imported by" in result.errors
    assert "No module named 'not_there_at_all'" in result.errors
    assert "add the distribution that has not_there_at_all" in result.errors


@pytest.mark.slow
@pytest.mark.parametrize("exclude", [["*"], ["mine/"]])
def test_a_layer_with_nothing_left_in_it_is_refused(
    exclude: list[str], make_bundle: "MakeBundle"
) -> None:
    result = make_bundle(mine(), package="libs/mine", exclude=exclude).run()

    assert result.status == 1
    assert "ERROR: the layer would be empty" in result.errors


def test_a_layer_that_is_too_large_is_refused(
    make_bundle: "MakeBundle", monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = make_bundle(mine(**{"big.csv": "x" * 5000}), package="libs/mine")

    with pytest.raises(BuildError, match="the layer is too large") as caught:
        build.build(bundle.path, Log(), limit=4000)

    assert "mine 3.2" in caught.value.where
    assert not (bundle.path / "out" / "layer.zip").exists()


@pytest.mark.slow
def test_the_main_module_of_a_dependency_must_import(
    make_bundle: "MakeBundle", make_wheel: "MakeWheel"
) -> None:
    bundle = make_bundle(requirements=["requirements.txt"])
    files = {"foo/__init__.py": "import not_there", "foo_cli.py": ""}
    make_wheel(bundle.path / "project" / "wheels", "foo", files=files)
    offline(bundle, "foo")

    result = bundle.run()

    assert result.status == 1
    assert "ERROR: foo cannot be imported by" in result.errors
    assert "add the distribution that has not_there" in result.errors


@pytest.mark.slow
@pytest.mark.parametrize("runtimes", [1, 2])
def test_a_package_that_needs_its_own_pth_file_works(
    runtimes: int, make_bundle: "MakeBundle", make_wheel: "MakeWheel", here: Target
) -> None:
    other = Target("3.8", here.architecture, here.glibc, here.platform)
    bundle = make_bundle(requirements=["requirements.txt"], targets=(here, other)[:runtimes])
    files = {
        "mine.py": "import helper",
        "mine.pth": "mine_vendored\n",
        "mine_vendored/helper.py": "",
    }
    make_wheel(bundle.path / "project" / "wheels", "mine", files=files)
    offline(bundle, "mine")

    result = bundle.run()

    assert result.status == 0, result.errors


@pytest.mark.slow
def test_a_pth_file_whose_line_raises_is_refused_with_its_owner(
    make_bundle: "MakeBundle", make_wheel: "MakeWheel"
) -> None:
    bundle = make_bundle(requirements=["requirements.txt"])
    files = {"mine/__init__.py": "", "mine.pth": "import os\nimport os; 1 / 0\n"}
    make_wheel(bundle.path / "project" / "wheels", "mine", files=files)
    offline(bundle, "mine")

    result = bundle.run()

    assert result.status == 1
    assert "ERROR: line 2 of mine.pth of mine fails whenever a function starts" in result.errors
    assert "ZeroDivisionError" in result.errors


@pytest.mark.slow
@pytest.mark.parametrize(
    ("files", "options", "said"),
    [
        (
            {
                "web/__init__.py": "from web.helpers import tests",
                "web/helpers/tests/__init__.py": "",
            },
            {"exclude": ["tests/"]},
            "web/helpers/tests/__init__.py was left out by the layer's exclude",
        ),
        (
            {
                "web/__init__.py": "open(__file__ + 'i')",
                "web/__init__.pyi": "",
            },
            {"slim": ["stubs"]},
            "web/__init__.pyi was left out by the layer's slim = stubs",
        ),
    ],
)
def test_what_an_option_left_out_and_an_import_needs_is_named(
    files: dict[str, str],
    options: dict[str, list[str]],
    said: str,
    make_bundle: "MakeBundle",
    make_wheel: "MakeWheel",
) -> None:
    bundle = make_bundle(requirements=["requirements.txt"], **options)
    make_wheel(bundle.path / "project" / "wheels", "web", files=files)
    offline(bundle, "web")

    result = bundle.run()

    assert result.status == 1
    assert said in result.errors


@pytest.mark.slow
@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("from . import api_pb2", 'exclude = ["!api_pb2.py"]'),
        ("from web import api_pb2", 'exclude = ["!api_pb2.py"]'),
        ("import web.gen.version", 'exclude = ["!gen.py"]'),
        ("import api_pb2_grpc", 'exclude = ["!api_pb2_grpc.py"]'),
        ("import web.part; later = 1", "choose versions that work together"),
        ("import not_there", "add the distribution that has not_there"),
        ("from json import not_there", "choose versions that work together"),
    ],
)
def test_a_module_that_the_own_package_lacks_may_be_a_file_that_git_ignores(
    line: str, hint: str, make_bundle: "MakeBundle"
) -> None:
    head = '[build-system]\nrequires = ["uv_build>=0.13,<0.14"]\nbuild-backend = "uv_build"\n'
    files = {
        "pyproject.toml": head + '[project]\nname = "web"\nversion = "1"\n',
        "src/web/__init__.py": f"{line}\n",
        "src/web/part.py": "from web import later\n",
    }

    result = make_bundle(files, package=".").run()

    assert result.status == 1
    fix = result.errors.partition("fix:")[2]
    assert hint in " ".join(fix.split())
    assert ("lambda-layer plan sample --files" in " ".join(fix.split())) == ("exclude" in hint)


@pytest.mark.slow
@pytest.mark.parametrize("text", ["print 'of another age'\n", "# imports well, and lacks all\n"])
def test_a_package_that_takes_the_place_of_pythons_own_is_to_be_removed(
    text: str, make_bundle: "MakeBundle", make_wheel: "MakeWheel"
) -> None:
    bundle = make_bundle(requirements=["requirements.txt"], folder="with")
    make_wheel(
        bundle.path / "project" / "wheels",
        "colours",
        files={"colorsys.py": text, "colours.py": "good = True\n"},
    )
    offline(bundle, "colours")

    refused = bundle.run()
    bundle.change(exclude=["colorsys.py"])
    taken = bundle.run()

    assert refused.status == 1
    assert "ERROR: colours would take the place of Python's own colorsys" in refused.errors
    assert 'exclude = ["colorsys.py"]' in " ".join(refused.errors.split())
    assert taken.status == 0, taken.errors
    assert "python/colours.py" in taken.names
    assert "python/colorsys.py" not in taken.names
