from __future__ import annotations

import random
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from builder.errors import LayerError
from builder.sizes.in_time import Question, forecasts
from builder.sizes.model import LayerSize
from builder.sizes.predict import predict
from tests.builder.conftest import spec_of, write_tree
from tests.builder.sizes.conftest import source_alone
from tests.patience import PATIENCE
from tests.worker.conftest import here as here
from tests.worker.conftest import make_bundle as make_bundle
from tests.worker.conftest import worker_pyz as worker_pyz
from tests.worker.planned import planned

if TYPE_CHECKING:
    from builder.worker.request import Target
    from tests.builder.sizes.conftest import Serve
    from tests.worker.conftest import MakeBundle, MakeTools, MakeWheel

LINES = "".join(f"def function_{n}(value):\n    return value * {n}\n" for n in range(400))
WEB = {
    "web/__init__.py": LINES,
    "web/__init__.pyi": "x: int\n",
    "web/tests/test_web.py": LINES * 3,
    "web/data.bin": random.Random(1).randbytes(500_000),
    "web-1.0.data/data/share/web/help.txt": "help\n" * 50,
    "web-1.0.data/scripts/web-run": "#!python\nprint()\n",
}


def shelve(make_wheel: MakeWheel, shelf: Path) -> None:
    make_wheel(shelf, "web", files=WEB, requires=("core>=1", 'extra_thing; extra == "more"'))
    make_wheel(shelf, "core", files={"core/__init__.py": LINES, "core/docs/a.rst": "text\n" * 99})
    make_wheel(shelf, "core", "2.0", tag="cp27-cp27m-win32")


def size_of(found: LayerSize) -> dict[str, int]:
    return {package.name: package.size for package in found.targets[0].packages}


@pytest.mark.slow
@pytest.mark.parametrize("ranges", [True, False])
def test_what_is_predicted_is_what_is_built(
    make_wheel: MakeWheel,
    make_bundle: MakeBundle,
    shelf: Path,
    serve: Serve,
    here: Target,
    make_tools: MakeTools,
    tmp_path: Path,
    *,
    ranges: bool,
) -> None:
    make_tools(sys.executable)  # these are on no index of a test
    shelve(make_wheel, shelf)
    index = serve(ranges=ranges)
    root = tmp_path / "project"
    root.mkdir()
    values: dict[str, Any] = {
        "dependencies": ("web",),
        "exclude": ("share/",),
        "slim": ("tests", "stubs"),
    }
    target: dict[str, Any] = {"python": (here.python,), "architecture": here.architecture}
    found = predict(spec_of(**values, **target), root)
    built = planned(make_bundle, here, root, **values)
    assert built.status == 0, built.errors
    assert found.size == built.manifest["unzipped_size"]
    assert abs(found.packed - built.manifest["zipped_size"]) <= found.packed * 0.02
    sizes = {package["name"]: package["size"] for package in built.manifest["packages"]}
    assert size_of(found) == sizes
    assert found.verdict == "fits"

    assert index.sent > 0


ENTRIES = """\
[console_scripts]
{name}-run = {name}.inner:main [more]
[gui_scripts]
{name}-show = {name}:x.y
"""


EXTENDS = "__path__ = __import__('pkgutil').extend_path(__path__, __name__)\n"


def clashing(name: str, longer: str) -> dict[str, str]:
    """Return files of a distribution, some of which another one has, too, with another content."""
    return {
        f"{name}/__init__.py": "",
        f"{name}/inner.py": LINES,
        f"ns/{name}.py": "",
        "ns/__init__.py": f"# {longer}\n{EXTENDS}",
        "README.md": f"of {name}, {longer}\n",
        "tests/test_all.py": f"# {longer}\n",
        "same.txt": "the same\n",
        f"{name}-1.0.dist-info/entry_points.txt": ENTRIES.format(name=name),
        f"{name}-1.0.data/scripts/{name}-old": f"#!python\nprint({longer!r})\n",
        f"{name}-1.0.data/scripts/{name}-shell": "#!/bin/sh\nexit 0\n",
    }


@pytest.mark.slow
@pytest.mark.parametrize("include", [(), ("bin",)], ids=["modules", "programs"])
def test_programs_and_files_that_several_distributions_have_are_counted_as_they_are_built(
    make_wheel: MakeWheel,
    make_bundle: MakeBundle,
    shelf: Path,
    serve: Serve,
    here: Target,
    make_tools: MakeTools,
    tmp_path: Path,
    include: tuple[str, ...],
) -> None:
    make_tools(sys.executable)
    make_wheel(shelf, "beta", files=clashing("beta", "much longer than that of the other"))
    make_wheel(shelf, "alpha", files=clashing("alpha", "short"), requires=("beta",))
    serve(ranges=True)
    root = tmp_path / "project"
    root.mkdir()
    values: dict[str, Any] = {"dependencies": ("alpha",), "include": include, "slim": ()}

    found = predict(spec_of(**values, python=(here.python,), architecture=here.architecture), root)
    built = planned(make_bundle, here, root, **values)

    assert built.status == 0, built.errors
    assert found.size == built.manifest["unzipped_size"]
    programs = {file.name for file in found.targets[0].files if file.name.startswith("bin/")}
    assert programs == {name for name in built.names if name.startswith("bin/")}
    assert len(programs) == 8 * len(include)


@pytest.mark.slow
def test_a_second_look_reads_no_wheel_again(
    make_wheel: MakeWheel, shelf: Path, serve: Serve, tmp_path: Path
) -> None:
    shelve(make_wheel, shelf)
    index = serve(ranges=False)
    first = predict(spec_of(dependencies=("web",)), tmp_path)
    asked = len([path for path in index.asked if path.startswith("/files/web")])
    second = predict(spec_of(dependencies=("web",)), tmp_path)
    assert second.size == first.size
    again = len([path for path in index.asked if path.startswith("/files/web")])
    # uv itself may look at the metadata once more; the table is not fetched again.
    assert again - asked < asked


@pytest.mark.slow
@pytest.mark.parametrize("how", ["below a file", "files", "read-only"])
def test_without_a_cache_that_can_be_written_the_size_is_the_same(
    how: str, make_wheel: MakeWheel, shelf: Path, serve: Serve, own_cache: Path, tmp_path: Path
) -> None:
    shelve(make_wheel, shelf)
    serve(ranges=True)
    spec = spec_of(dependencies=("web",))
    expected = predict(spec, tmp_path)
    own_cache.rename(tmp_path / "full")
    if how == "below a file":
        own_cache.write_text("")
    elif how == "files":
        write_tree(own_cache, dict.fromkeys(("uv", "tables", "plans", "tools"), ""))
    else:
        (tmp_path / "full").rename(own_cache)
        shutil.rmtree(own_cache / "tables")
        for folder in (own_cache / "tables", own_cache / "uv", own_cache):
            folder.mkdir(exist_ok=True)
            folder.chmod(0o500)  # which does not bind root
    try:
        assert predict(spec, tmp_path) == expected
        (foreseen,) = forecasts([Question(spec, tmp_path, "a" * 64)], PATIENCE)
        assert (foreseen.size, foreseen.verdict, foreseen.why) == (expected.size, "fits", "")
    finally:
        if how == "read-only":
            for folder in (own_cache, own_cache / "tables", own_cache / "uv"):
                folder.chmod(0o700)


@pytest.mark.slow
def test_what_must_be_built_from_source_is_unknown_and_the_rest_is_counted(
    make_wheel: MakeWheel, shelf: Path, serve: Serve, tmp_path: Path
) -> None:
    make_wheel(shelf, "core", files={"core/__init__.py": LINES})
    source_alone(shelf, "old", tmp_path)
    serve(ranges=True)
    found = predict(spec_of(dependencies=("core", "old")), tmp_path)
    (unknown,) = found.targets[0].unknown
    assert unknown.name == "old"
    assert "no wheel" in unknown.unknown
    assert size_of(found)["core"] > len(LINES)
    assert found.verdict == "unknown"


def test_a_wheel_that_cannot_be_read_is_unknown_and_says_why(
    make_wheel: MakeWheel, shelf: Path, serve: Serve, tmp_path: Path
) -> None:
    made = make_wheel(shelf, "core", files={"core/__init__.py": LINES})
    serve(ranges=True)
    predict(spec_of(dependencies=("core",)), tmp_path)
    for kept in (tmp_path / "own-cache/tables").iterdir():
        kept.unlink()
    content = made.read_bytes()
    made.write_bytes(content[:-22] + bytes(22))  # the directory's end is gone
    found = predict(spec_of(dependencies=("core",)), tmp_path)
    assert "cannot be read" in found.targets[0].unknown[0].unknown


@pytest.mark.slow
def test_a_layer_of_two_runtimes_is_counted_whole(
    make_wheel: MakeWheel, shelf: Path, serve: Serve, tmp_path: Path
) -> None:
    shelve(make_wheel, shelf)
    serve(ranges=True)
    one = predict(spec_of(dependencies=("web",)), tmp_path)
    both = predict(spec_of(dependencies=("web",), python=("3.12", "3.13")), tmp_path)
    assert both.size == 2 * one.size
    assert [target.prefix for target in both.targets] == [
        "python/lib/python3.12/site-packages",
        "python/lib/python3.13/site-packages",
    ]


def test_a_package_of_the_project_and_requirements_files_are_sized(
    make_wheel: MakeWheel, shelf: Path, serve: Serve, tmp_path: Path
) -> None:
    shelve(make_wheel, shelf)
    serve(ranges=True)
    files = {
        "a.txt": "-r more/b.txt\n-c c.txt\n",
        "more/b.txt": "web  # why\n",
        "c.txt": "core==1\n",
    }
    root = write_tree(tmp_path / "project", files)
    (target,) = predict(spec_of(requirements=("a.txt",)), root).targets
    assert target.graph.roots == ("web",)
    assert target.graph.because["core"] == ("web",)


def test_what_the_index_does_not_have_is_one_clear_error(
    make_wheel: MakeWheel, shelf: Path, serve: Serve, tmp_path: Path
) -> None:
    make_wheel(shelf, "core")
    serve(ranges=True)
    with pytest.raises(LayerError) as refused:
        predict(spec_of(dependencies=("nowhere",)), tmp_path)
    assert "nowhere" in str(refused.value)
    assert "layer 'web'" in refused.value.where
