import base64
import hashlib
import json
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from builder.worker import merge
from builder.worker.contents.files import LayerFile
from builder.worker.documents import manifest
from builder.worker.documents.manifest import Circumstances, Package
from builder.worker.errors import BuildError
from builder.worker.log import Log
from builder.worker.pack import pack
from builder.worker.request import Request, Target
from tests.worker.conftest import libdeflate_here, target_of

if TYPE_CHECKING:
    from tests.worker.conftest import MakeBundle

OLD, NEW = target_of("3.9", "arm64"), target_of("3.10", "arm64")
BOTH = Request("sample", "0" * 64, (OLD, NEW), dependencies=("six",))


def part(
    folder: Path, target: Target, names: dict[str, bytes] | None = None, **changed: Any
) -> Path:
    """Write the unpacked part of a target, as its build makes it."""
    folder.mkdir(parents=True)
    own = replace(BOTH, targets=(target,), several=True)
    content = names or {f"{own.prefix(target)}/six.py": f"for {target}".encode()}
    files = []
    for number, (name, data) in enumerate(content.items()):
        (folder / str(number)).write_bytes(data)
        files.append(LayerFile(name, folder / str(number), len(data)))
    packed = pack.pack(files, folder / "layer.zip", libdeflate_here())
    lock = folder / f"lock-{target.python}.txt"
    lock.write_text(f"# {target}\n")
    six = Package("six", "1.17.0", 100, "MIT", "a" * 64, (f"sha256:{target.python}",))
    circumstances = Circumstances("then", "later", (manifest.lock_of(lock),))
    document = manifest.document(own, packed, 100, len(files), [six], circumstances)
    document |= {"build_id": f"layers:{target.python}", **changed}
    document["saved"] = [{"what": "tests", "files": 2, "size": 30}]
    manifest.write(folder / "manifest.json", document)
    return folder


def merged(bundle: Path, folders: dict[Target, Path], **options: Any) -> dict[str, Any]:
    merge.merge(bundle, Log(), folders.__getitem__, **options)
    document: dict[str, Any] = json.loads((bundle / "out/manifest.json").read_text())
    return document


@pytest.fixture
def bundle(make_bundle: "MakeBundle") -> Path:
    return make_bundle(targets=(OLD, NEW), dependencies=["six"]).path


@pytest.fixture
def both(tmp_path: Path) -> dict[Target, Path]:
    return {target: part(tmp_path / target.python, target) for target in (OLD, NEW)}


def test_each_target_keeps_a_folder_of_its_own(bundle: Path, both: dict[Target, Path]) -> None:
    document = merged(bundle, both)

    with zipfile.ZipFile(bundle / "out/layer.zip") as layer:
        assert layer.testzip() is None
        assert layer.namelist() == [
            "python/lib/python3.10/site-packages/six.py",
            "python/lib/python3.9/site-packages/six.py",
        ]
        assert layer.read(layer.namelist()[1]) == b"for python3.9 on arm64"
    content = (bundle / "out/layer.zip").read_bytes()
    assert document["code_sha256"] == base64.b64encode(hashlib.sha256(content).digest()).decode()
    assert document["zipped_size"] == len(content)
    assert (document["files"], document["unzipped_size"]) == (2, 22 + 23)


def test_the_manifest_is_that_of_the_whole_layer(bundle: Path, both: dict[Target, Path]) -> None:
    document = merged(bundle, both)

    assert [target["python"] for target in document["targets"]] == ["3.9", "3.10"]
    (six,) = document["packages"]
    assert (six["name"], six["size"], six["license"]) == ("six", 200, "MIT")
    assert six["hashes"] == ["sha256:3.10", "sha256:3.9"]
    assert document["saved"] == [{"what": "tests", "files": 4, "size": 60}]
    assert [lock["file"] for lock in document["locks"]] == ["lock-3.10.txt", "lock-3.9.txt"]
    assert [(p["target"], p["build_id"]) for p in document["parts"]] == [
        ("python3.9", "layers:3.9"),
        ("python3.10", "layers:3.10"),
    ]


def test_locks_bill_and_provenance_are_joined_too(bundle: Path, both: dict[Target, Path]) -> None:
    document = merged(bundle, both)

    out = bundle / "out"
    assert sorted(file.name for file in out.iterdir()) == [
        *("layer.zip", "lock-3.10.txt", "lock-3.9.txt", "manifest.json", "provenance.json"),
        "sbom.cdx.json",
    ]
    assert (out / "lock-3.9.txt").read_text() == "# python3.9 on arm64\n"
    bill = json.loads((out / "sbom.cdx.json").read_text())
    assert [component["purl"] for component in bill["components"]] == ["pkg:pypi/six@1.17.0"]
    statement = json.loads((out / "provenance.json").read_text())
    materials = statement["predicate"]["buildDefinition"]["resolvedDependencies"]
    digests = {item["name"]: item["digest"]["sha256"] for item in materials}
    wanted = base64.b64decode(document["parts"][0]["code_sha256"]).hex()
    assert digests["layer.zip of python3.9"] == wanted
    assert "lock-3.10.txt" in digests


def test_the_same_parts_make_the_same_bytes(bundle: Path, both: dict[Target, Path]) -> None:
    merged(bundle, both)
    first = (bundle / "out/layer.zip").read_bytes()
    for folder in both.values():
        (folder / "manifest.json").touch()
    merged(bundle, dict(reversed(both.items())))

    assert (bundle / "out/layer.zip").read_bytes() == first


def test_what_is_too_large_together_is_refused_with_the_targets_named(
    bundle: Path, both: dict[Target, Path]
) -> None:
    with pytest.raises(BuildError, match="too large: 45 bytes unzipped, 5 too many") as caught:
        merged(bundle, both, limit=40)

    assert "six 1.17.0 (python3.9) 100 B" in caught.value.where
    assert "six 1.17.0 (python3.10) 100 B" in caught.value.where
    assert not (bundle / "out/manifest.json").exists()


def test_what_is_nearly_too_large_is_reported(
    bundle: Path, both: dict[Target, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    merged(bundle, both, limit=50)

    assert "NOTE: the layer takes 45 B of the 50 B" in capsys.readouterr().out


@pytest.mark.parametrize(
    "name",
    [
        "python/six.py",
        "python/lib/python3.10/site-packages/six.py",
        "python/lib/python3.9/site-packages/../six.py",
    ],
)
def test_a_part_with_a_file_outside_its_own_folder_is_refused(
    bundle: Path, tmp_path: Path, name: str
) -> None:
    folders = {
        OLD: part(tmp_path / "3.9", OLD, {name: b""}),
        NEW: part(tmp_path / "3.10", NEW),
    }

    with pytest.raises(BuildError, match="not below its own folder") as caught:
        merged(bundle, folders)

    assert caught.value.where == name


def test_a_part_that_changed_on_its_way_is_refused(bundle: Path, both: dict[Target, Path]) -> None:
    content = bytearray((both[OLD] / "layer.zip").read_bytes())
    content[60] ^= 1
    (both[OLD] / "layer.zip").write_bytes(content)

    with pytest.raises(BuildError, match=r"its layer\.zip is not the one"):
        merged(bundle, both)


def test_nothing_of_an_earlier_build_gets_into_the_layer(
    bundle: Path, both: dict[Target, Path]
) -> None:
    (bundle / "out").mkdir()
    (bundle / "out/lock-3.8.txt").touch()

    document = merged(bundle, both)

    assert len(document["locks"]) == 2
    assert not (bundle / "out/lock-3.8.txt").exists()


@pytest.mark.slow
def test_parts_and_merge_make_the_bytes_that_one_build_would_make(
    make_bundle: "MakeBundle", tmp_path: Path, here: Target
) -> None:
    """By the worker as CodeBuild runs it: each part is a bundle's, and a source of the merge."""
    other = target_of("3.9" if here.python != "3.9" else "3.10", here.architecture)
    request = {"targets": (here, other), "dependencies": ["six", "idna"]}
    whole = make_bundle(folder="whole", **request).run()
    assert whole.status == 0, whole.errors
    environment = {"LAYER_MERGE": "true"}
    for target in (other, here):
        runtime = f"python{target.python}"
        made = make_bundle(folder=runtime, **request).run(env={"LAYER_TARGET": runtime})
        assert made.status == 0, made.errors
        assert sorted(file.name for file in made.out.iterdir()) == ["part.json", "part.zip"]
        source = tmp_path / "sources" / runtime
        with zipfile.ZipFile(made.out / "part.zip") as archive:
            archive.extractall(source)
        environment[f"CODEBUILD_SRC_DIR_{runtime.replace('.', '_')}"] = str(source)

    merged = make_bundle(folder="merge", **request).run(env=environment)

    assert merged.status == 0, merged.errors
    assert (merged.out / "layer.zip").read_bytes() == (whole.out / "layer.zip").read_bytes()
    varying = ("started_at", "finished_at", "seconds", "parts", "documents")
    one, all_ = ({k: v for k, v in m.items() if k not in varying}
                 for m in (whole.manifest, merged.manifest))  # fmt: skip
    assert all_ == one
    for lock in (f"lock-{here.python}.txt", f"lock-{other.python}.txt"):
        assert (merged.out / lock).read_bytes() == (whole.out / lock).read_bytes()


# What is beside python/


def with_programs(folder: Path, target: Target, program: bytes) -> Path:
    own = replace(BOTH, targets=(target,), several=True)
    module = f"{own.prefix(target)}/six.py"
    return part(folder, target, {module: b"x = 1", "bin/run": program})


def including(make_bundle: "MakeBundle") -> Path:
    return make_bundle(targets=(OLD, NEW), dependencies=["six"], include=["bin"]).path


def test_a_program_that_all_targets_bring_is_there_once(
    make_bundle: "MakeBundle", tmp_path: Path
) -> None:
    folders = {t: with_programs(tmp_path / t.python, t, b"#!/bin/sh\n") for t in (OLD, NEW)}
    bundle = including(make_bundle)

    merged(bundle, folders)

    with zipfile.ZipFile(bundle / "out/layer.zip") as layer:
        assert layer.namelist()[0] == "bin/run"
        assert len(layer.namelist()) == 3


def test_a_program_that_differs_from_target_to_target_is_refused(
    make_bundle: "MakeBundle", tmp_path: Path
) -> None:
    folders = {
        target: with_programs(tmp_path / target.python, target, target.python.encode())
        for target in (OLD, NEW)
    }
    with pytest.raises(BuildError, match="bin/run is not the same") as caught:
        merged(including(make_bundle), folders)
    assert 'split = "target"' in caught.value.fix
