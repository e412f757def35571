from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from builder.worker.audit import checks
from builder.worker.contents.distributions import Distribution
from builder.worker.contents.elf import Elf
from builder.worker.contents.files import LayerFile
from builder.worker.contents.native import Native
from builder.worker.errors import BuildError
from builder.worker.request import Target

TARGET = Target("3.11", "x86_64", "2.26", "x86_64-manylinux_2_17")
Write = Callable[..., LayerFile]


def file(name: str, size: int = 10) -> LayerFile:
    return LayerFile(f"python/{name}", Path("/nowhere") / name, size)


def native(name: str, owner: str = "pkg", **elf: object) -> Native:
    return Native(file(name), replace(Elf("x86_64"), **elf), owner)  # type: ignore[arg-type] # **


def test_a_distribution_that_is_missing_is_named(tmp_path: Path) -> None:
    found = [Distribution("six", "1.16", "six-1.16.dist-info", ())]

    with pytest.raises(BuildError, match=r"six 1\.17 was installed and is not there"):
        checks.check_installed([("six", "1.17")], found, tmp_path, TARGET)


def test_a_version_may_be_written_in_another_way_than_the_lock_has_it(tmp_path: Path) -> None:
    found = [Distribution("certs", "2024.01.05", "certs-2024.01.05.dist-info", ())]

    checks.check_installed([("certs", "2024.1.5")], found, tmp_path, TARGET)


def test_a_distribution_that_lacks_files_is_named_with_them(tmp_path: Path) -> None:
    found = [Distribution("six", "1.17", "six-1.17.dist-info", ("six.py",))]

    with pytest.raises(BuildError, match="lacks 1 file") as caught:
        checks.check_installed([("six", "1.17")], found, tmp_path, TARGET)

    assert caught.value.where == "six.py"


@pytest.mark.parametrize("names", [[], ["a-1.dist-info/METADATA"], ["data/readme.txt"]])
def test_a_layer_without_modules_is_refused(names: list[str]) -> None:
    with pytest.raises(BuildError, match="the layer would be empty"):
        checks.check_places([file(name) for name in names], ["python"])


def test_files_outside_of_where_lambda_looks_are_refused() -> None:
    prefix = "python/lib/python3.12/site-packages"

    with pytest.raises(BuildError, match="1 file where Lambda does not look") as caught:
        checks.check_places([file("lib/python3.12/site-packages/a.py"), file("b.py")], [prefix])

    assert caught.value.where == "python/b.py"


def test_compiled_files_of_another_machine_are_refused() -> None:
    with pytest.raises(BuildError, match="pkg: compiled files for another machine") as caught:
        checks.check_native([native("pkg/x.so", machine="aarch64")], TARGET)

    assert "python/pkg/x.so is for aarch64" in caught.value.where


def test_helpers_for_other_machines_beside_one_that_fits_are_a_note() -> None:
    natives = [native("dbg/attach_amd64.so"), native("dbg/attach_x86.so", machine="i386")]

    assert checks.check_native(natives, TARGET) == [
        "python/dbg/attach_x86.so is for i386, not x86_64"
    ]


def test_modules_for_another_machine_beside_one_that_fits_are_refused() -> None:
    wrong = native("pkg/b.abi3.so", machine="aarch64")

    with pytest.raises(BuildError, match="another machine"):
        checks.check_native([native("pkg/a.so"), wrong], TARGET)


@pytest.mark.parametrize(
    ("version", "refused"),
    [
        ("GLIBC_2.26", False),
        ("GLIBC_2.28", True),
        ("GLIBCXX_3.4.24", False),
        ("GLIBCXX_3.4.29", True),
    ],
)
def test_symbols_newer_than_the_runtimes_are_refused(version: str, refused: bool) -> None:
    natives = [native("pkg/x.so", versions=(("libc.so.6", "GLIBC_2.4"), ("lib", version)))]

    if not refused:
        assert checks.check_native(natives, TARGET) == []
        return
    with pytest.raises(BuildError, match=r"compiled for a newer system than python3\.11") as caught:
        checks.check_native(natives, TARGET)
    assert f"needs {version.replace('_', ' ')}" in caught.value.where


def test_a_layer_with_its_own_libstdcxx_may_use_its_symbols() -> None:
    natives = [
        native("pkg/x.so", versions=(("libstdc++.so.6", "GLIBCXX_3.4.29"),)),
        native("pkg.libs/libstdc++.so.6", soname="libstdc++.so.6"),
    ]

    assert checks.check_native(natives, TARGET) == []


def test_a_library_that_no_one_brings_is_refused_when_it_is_used() -> None:
    used = native("psycopg2/x.so", "psycopg2", needed=("libpq.so.5", "libc.so.6"))

    with pytest.raises(BuildError, match="psycopg2: shared libraries") as caught:
        checks.check_libraries([used], {used.file.path}, TARGET)

    assert caught.value.where == "python/psycopg2/x.so needs libpq.so.5"
    assert 'system_packages, and include = ["lib"]' in caught.value.fix


def test_a_library_that_no_one_brings_is_a_note_when_nothing_loaded_it() -> None:
    optional = native("numba/tbbpool.so", "numba", needed=("libtbb.so.12",))

    notes = checks.check_libraries([optional], set(), TARGET)

    assert notes == ["python/numba/tbbpool.so needs libtbb.so.12, which Lambda does not have"]


def test_libraries_of_the_layer_and_of_the_runtime_are_found() -> None:
    natives = [
        native("np/x.so", needed=("libopenblas-1.so", "libstdc++.so.6", "libpython3.11.so.1.0")),
        native("np.libs/libopenblas-1.so"),
    ]

    assert checks.check_libraries(natives, {natives[0].file.path}, TARGET) == []


def test_sizes_are_judged_against_the_limit() -> None:
    layer = [file("big.so", 90), file("small.py", 5)]

    assert checks.check_size(layer, {"big 1": 90}, limit=200) == []
    (note,) = checks.check_size(layer, {"big 1": 90}, limit=100)
    assert "a function may have with all its layers, of which there are five at most" in note
    assert "5 B are left for its code" in note


def test_a_layer_above_the_limit_is_refused_with_its_largest_packages() -> None:
    layer = [file("big.so", 9000), file("small.py", 5)]

    with pytest.raises(BuildError, match="9,005 bytes unzipped, 5 too many") as caught:
        checks.check_size(layer, {"small 2": 5, "big 1": 9000}, limit=9000)

    assert "largest packages: big 1 9.0 kB, small 2 5 B" in caught.value.where
    assert "python/big.so" in caught.value.where
    assert "GPU" not in caught.value.fix


def test_an_image_may_have_what_no_layer_may() -> None:
    half = [file("big.so", 5 << 30)]

    assert checks.check_size(half, {"big 1": 5 << 30}, limit=checks.IMAGE_LIMIT) == []
    (note,) = checks.check_size(
        [file("big.so", 9 << 30)], {"big 1": 9 << 30}, limit=checks.IMAGE_LIMIT
    )
    assert note == "the packages take 9663.7 MB of the 10737.4 MB of an image with its base"


def test_an_image_above_its_limit_is_refused_and_no_layer_is_spoken_of() -> None:
    with pytest.raises(BuildError, match="the image is too large: 11,811,160,064 bytes") as caught:
        checks.check_size([file("big.so", 11 << 30)], {"big 1": 11 << 30}, limit=checks.IMAGE_LIMIT)

    assert caught.value.expected == "at most 10,737,418,240 bytes: an image with its base"
    assert "two layers" not in caught.value.fix
    assert "container image" not in caught.value.fix


def test_packages_that_only_serve_gpus_are_named_when_the_layer_is_too_large() -> None:
    sizes = {"nvidia-nccl-cu13 2.32": 8000, "tritonclient 2": 900, "triton 3": 90, "xgboost 3": 9}

    with pytest.raises(BuildError, match="too large") as caught:
        checks.check_size([file("big.so", 9000)], sizes, limit=8000)

    assert caught.value.fix.startswith("nvidia-nccl-cu13, triton only serve GPUs, which Lambda")


def test_what_runs_when_python_starts_is_noted_with_who_brought_it(tmp_path: Path) -> None:
    (tmp_path / "quiet.pth").write_text("# nothing\nimport os; \x1b]0;t\x07" + "x" * 500 + "\n")
    (tmp_path / "folder.pth").write_text("a_folder\nimportant\n")
    (tmp_path / "odd.pth").write_bytes(b"import\tsys # \xff\n")
    (tmp_path / "sitecustomize.py").write_text("")
    found = [Distribution("quiet", "1", "", ("quiet.pth", "folder.pth", "sitecustomize.py"))]

    odd, quiet, site = checks.notes_on_start(tmp_path, found)

    assert quiet.startswith("quiet.pth of quiet runs at every start of a function: 'import os; ")
    assert "\x1b" not in quiet
    assert quiet.endswith(" and more")
    assert odd.startswith("odd.pth of no package runs")
    assert site.startswith("sitecustomize.py of quiet runs at every start of a Python")


def test_what_the_runtime_has_already_is_noted() -> None:
    assert checks.notes_on_boto({"requests": 1}) == []
    assert (
        "boto3 and botocore (3.0 kB)" in checks.notes_on_boto({"boto3": 1000, "botocore": 2000})[0]
    )
    assert (
        "botocore (2.0 kB): Lambda's Python runtimes have it too"
        in (checks.notes_on_boto({"botocore": 2000})[0])
    )


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("pkg/a.cpython-311-x86_64-linux-gnu.so", True),
        ("pkg/a.abi3.so", True),
        ("pkg/a.so", True),
        ("pkg.libs/libssl-1.1.so.3", True),
        ("pkg/a.cpython-310-aarch64-linux-gnu.so", False),
        ("pkg/a.cpython-311-aarch64-linux-gnu.so", False),
        ("pkg/a.cpython-310-x86_64-linux-gnu.so", False),
        ("pkg/a.cpython-311-x86_64-linux-musl.so", False),
        ("pkg/a.cpython-311-darwin.so", False),
        ("pkg/a.pypy311-pp73-x86_64-linux-gnu.so", False),
    ],
)
def test_a_module_that_no_interpreter_of_the_target_loads_is_reported(
    name: str, kept: bool
) -> None:
    natives, notes = checks.loadable([native(name)], TARGET)

    assert bool(natives) is kept
    assert [name in note for note in notes] == ([] if kept else [True])


def test_a_module_of_the_runtime_that_comes_under_another_name_is_noted() -> None:
    own = Distribution("boto3", "1", "", ("boto3/__init__.py",))
    other = Distribution("handy", "1", "", ("botocore/__init__.py", "boto3stubs/__init__.py"))

    (note,) = checks.notes_on_boto_of_others([own, other])

    assert note.startswith("handy brings a module botocore, which is not the distribution botocore")
