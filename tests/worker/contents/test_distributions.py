from pathlib import Path

import pytest

from builder.worker.contents import distributions
from builder.worker.contents.distributions import modules_of, packages_of, record_of_present
from builder.worker.errors import BuildError


@pytest.mark.parametrize(
    ("files", "modules"),
    [
        (["a/__init__.py", "a/b.py", "a/sub/c.py"], ["a"]),
        (["single.py", "data.txt"], ["single"]),
        (["_cffi_backend.cpython-311-x86_64-linux-gnu.so"], ["_cffi_backend"]),
        (["fast/__init__.cpython-311-x86_64-linux-gnu.so", "fast/x.so"], ["fast"]),
        (["google/protobuf/__init__.py", "google/protobuf/any.py"], ["google.protobuf"]),
        (["ns/mod.py", "ns/deep/pkg/__init__.py"], ["ns.deep.pkg", "ns.mod"]),
        (["numpy.libs/libopenblas.so", "numpy/__init__.py"], ["numpy"]),
        (["tests/__init__.py", "pkg/__init__.py", "setup.py", "ns/tests/a.py"], ["pkg"]),
        (["share/jupyter/x.py", "etc/y.py", "a-b.py", "x/__main__.py"], []),
    ],
)
def test_modules_are_found_as_import_would(files: list[str], modules: list[str]) -> None:
    assert list(modules_of(files, packages_of(files))) == modules


def test_installed_distributions_are_read_with_their_files(tmp_path: Path) -> None:
    info = tmp_path / "My_Pkg-1.2.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Name: My_Pkg\nVersion: 1.2\n\nText\n")
    (info / "RECORD").write_text(
        'my_pkg/__init__.py,sha256=x,3\n"with,comma.txt",,\n../bin/run,,\n'
    )

    (found,) = distributions.read(tmp_path)

    assert (found.name, found.version) == ("my-pkg", "1.2")
    assert found.files == ("my_pkg/__init__.py", "with,comma.txt")


def test_the_record_lists_what_is_there_and_is_sorted() -> None:
    record = "b.py,sha256=b,1\nINSTALLER,,\na.py,sha256=a,1\n"

    assert record_of_present(record, {"a.py", "b.py"}) == "a.py,sha256=a,1\nb.py,sha256=b,1\n"


@pytest.mark.parametrize(
    ("name", "files", "top_level", "main"),
    [
        ("foo", ["foo/__init__.py", "foo_cli.py"], [], {"foo"}),
        ("foo-bar", ["foo_bar.py", "other.py"], [], {"foo_bar"}),
        ("google-cloud-x", ["google/cloud/x/__init__.py", "y/__init__.py"], [], None),
        ("protobuf", ["google/protobuf/__init__.py", "google/_upb/_m.so"], [], {"google.protobuf"}),
        ("pyyaml", ["yaml/__init__.py", "_yaml/__init__.py"], ["_yaml", "yaml"], {"yaml"}),
        ("beautiful", ["bs/__init__.py", "bs_cli.py"], [], {"bs"}),
        ("a-x", ["a/x/__init__.py", "a/_x/__init__.py"], [], {"a.x"}),
        ("two", ["a/__init__.py", "b/__init__.py"], ["a", "b"], set()),
        ("listed", ["a/__init__.py", "b/__init__.py"], ["a"], {"a"}),
        ("testing-x", ["testing/x/__init__.py"], [], {"testing.x"}),
        ("types-foo", ["foo-stubs/__init__.pyi"], ["foo-stubs"], set()),
    ],
)
def test_the_module_that_a_distribution_is_there_for_is_known(
    name: str, files: list[str], top_level: list[str], main: set[str] | None
) -> None:
    modules = modules_of(files, packages_of(files), (), name)

    found = distributions.main_of(name, modules, packages_of(files), top_level)

    assert found == (main if main is not None else {"google.cloud.x"})


def test_modules_of_a_folder_that_a_pth_file_names_are_seen_from_there(tmp_path: Path) -> None:
    (tmp_path / "mine_vendored").mkdir()
    (tmp_path / "mine.pth").write_text("# text\nmine_vendored\nimport os\ngone\n../out\n")

    folders = distributions.site_folders(tmp_path)
    files = ["mine_vendored/thing/__init__.py", "mine_vendored/one.py", "mine.py"]

    assert folders == ["mine_vendored"]
    assert modules_of(files, packages_of(files), folders) == ("mine", "one", "thing")


@pytest.mark.parametrize(
    ("file", "content", "problem"),
    [
        ("RECORD", b"six.py\xff,,\n", "not UTF-8"),
        ("RECORD", b"six.py,a\rb,\n", "new-line character"),
        ("RECORD", b"x" * 200_000, "field larger than"),
        ("METADATA", b"Name: six\n more\nVersion: 1\n", r"the Name 'six\n more'"),
        ("METADATA", b"Name: six\nName: five\nVersion: 1\n", "the Name 'six' and 'five'"),
        ("METADATA", b"Name: six\xff\nVersion: 1\n", "the Name"),
        ("METADATA", b"Name: six\nVersion: 1 2\n", "the Version '1 2'"),
        ("METADATA", b"Version: 1\n\nName: six\n", "it has no Name"),
    ],
)
def test_metadata_that_is_none_is_refused_by_its_name(
    tmp_path: Path, file: str, content: bytes, problem: str
) -> None:
    info = tmp_path / "six-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_bytes(b"Name: six\nVersion: 1\n")
    (info / file).write_bytes(content)

    with pytest.raises(BuildError, match="the metadata of a distribution cannot be read") as caught:
        distributions.read(tmp_path)

    assert problem in str(caught.value)
    assert f"six-1.dist-info/{file}" in caught.value.where


def test_a_licence_in_any_language_is_read_as_it_is(tmp_path: Path) -> None:
    info = tmp_path / "mine-1.0.dist-info"
    info.mkdir()
    text = "Metadata-Version: 2.1\nName: mine\nVersion: 1.0\nLicense: EUPL, version française\n"
    (info / "METADATA").write_text(text, encoding="utf-8")

    (found,) = distributions.read(tmp_path)

    assert found.license == "EUPL, version française"
