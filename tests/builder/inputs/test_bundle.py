import hashlib
import io
import json
import os
import re
import zipfile
from pathlib import Path

import pytest

from builder.errors import SourceError
from builder.inputs.bundle import bundle, request
from builder.inputs.same_bytes import json_bytes
from builder.inputs.source_files import source_files
from builder.spec.layer_spec import CodeArtifact, Index, LayerSpec
from tests.builder.conftest import ALWAYS, package, spec_of, write_tree
from tests.builder.pinned import LAYERS, PINS, REQUEST_KEYS

FINGERPRINT = "9f" * 32
SPEC = spec_of(
    package="src",
    requirements=("requirements.txt",),
    dependencies=("rich>=14",),
    extras=("tables",),
    exclude=("tests/**",),
    python=("3.13", "3.11"),
    may_fail=("web.gui",),
    system_packages=("libxml2-devel", "gcc-c++"),
    pre_install="set up.sh",
    include=("lib",),
    indexes=(
        Index("house", "https://packages.example.com/simple", "ci", "pypi/ci:password"),
        Index("shop", codeartifact=CodeArtifact("shop", "123456789012", "python"), default=True),
    ),
)


def made(root: Path, spec: LayerSpec | None = None) -> zipfile.ZipFile:
    spec = spec or spec_of(package="src")
    return zipfile.ZipFile(io.BytesIO(bundle(spec, root, source_files(spec, root), FINGERPRINT)))


def test_a_bundle_holds_the_worker_the_request_and_the_sources(tmp_path: Path) -> None:
    package(tmp_path)

    names = made(tmp_path).namelist()

    assert names == sorted(["worker.pyz", "request.json", *(f"project/{path}" for path in ALWAYS)])


def test_the_request_says_what_to_build_as_the_protocol_has_it() -> None:
    assert request(SPEC, FINGERPRINT) == {
        "schema": 1,
        "layer": "web",
        "fingerprint": FINGERPRINT,
        "targets": [
            {
                "python": "3.11",
                "architecture": "arm64",
                "glibc": "2.26",
                "platform": "aarch64-manylinux_2_17",
            },
            {
                "python": "3.13",
                "architecture": "arm64",
                "glibc": "2.34",
                "platform": "aarch64-manylinux_2_34",
            },
        ],
        "package": "src",
        "extras": ["tables"],
        "requirements": ["requirements.txt"],
        "dependencies": ["rich>=14"],
        "exclude": ["tests/**"],
        "slim": ["metadata", "stubs", "tests"],
        "may_fail": ["web.gui"],
        "system_packages": ["gcc-c++", "libxml2-devel"],
        "pre_install": "set up.sh",
        "include": ["lib"],
        "indexes": [
            {"url": "https://packages.example.com/simple", "default": False},
            {
                "codeartifact": {"domain": "shop", "owner": "123456789012", "repository": "python"},
                "default": True,
            },
        ],
        "exclude_newer": "",
        "licences": {},
        "image": False,
        "supervisor": False,
    }


@pytest.mark.parametrize("name", LAYERS)
def test_requests_stay_the_same_bytes(name: str) -> None:
    document = request(LAYERS[name], FINGERPRINT)
    text = json_bytes({key: document[key] for key in REQUEST_KEYS})

    assert hashlib.sha256(text).hexdigest() == PINS[name].request


def test_the_protocols_example_has_exactly_the_keys_of_a_request() -> None:
    text = (Path(__file__).parents[3] / "docs/protocol.md").read_text(encoding="utf-8")
    found = re.search(r"`request.json`:\n\n```json\n(.*?)```", text, re.DOTALL)

    assert found is not None
    assert json.loads(found[1]).keys() == request(SPEC, FINGERPRINT).keys()


def test_the_same_input_gives_the_same_bytes_wherever_it_lies(tmp_path: Path) -> None:
    spec = spec_of(package="src")
    bundles: list[bytes] = []
    for name in ("here", "and over there"):
        root = package(tmp_path / name, {"run.sh": "#!/bin/sh\n", "web/größe.txt": "1"})
        (root / "src/run.sh").chmod(0o755 if name == "here" else 0o700)
        os.utime(root / "src/web/app.py", (len(bundles), len(bundles)))
        bundles.append(bundle(spec, root, source_files(spec, root), FINGERPRINT))

    assert bundles[0] == bundles[1]


def test_modes_are_two_and_times_are_one(tmp_path: Path) -> None:
    package(tmp_path, {"run.sh": "#!/bin/sh\n"})
    (tmp_path / "src/run.sh").chmod(0o777)
    (tmp_path / "src/web/app.py").chmod(0o600)

    entries = made(tmp_path).infolist()

    assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}
    modes = {entry.filename: entry.external_attr >> 16 for entry in entries}
    assert modes.pop("project/src/run.sh") == 0o100755
    assert set(modes.values()) == {0o100644}


def test_a_link_travels_as_the_file_it_names(tmp_path: Path) -> None:
    package(tmp_path)
    (tmp_path / "src/web/link.py").symlink_to("app.py")

    assert made(tmp_path).read("project/src/web/link.py") == b"x = 1\n"


def test_names_in_all_scripts_travel(tmp_path: Path) -> None:
    package(tmp_path, {"web/größe und maß 一.txt": "x"})

    assert "project/src/web/größe und maß 一.txt" in made(tmp_path).namelist()


def test_a_file_that_changes_while_we_bundle_is_refused(tmp_path: Path) -> None:
    spec = spec_of(package="src")
    package(tmp_path)
    files = source_files(spec, tmp_path)
    (tmp_path / "src/web/app.py").write_text("x = 2\n")

    with pytest.raises(SourceError, match="changed while"):
        bundle(spec, tmp_path, files, FINGERPRINT)


def test_a_layer_of_dependencies_alone_has_a_bundle_too(tmp_path: Path) -> None:
    assert made(tmp_path, spec_of()).namelist() == ["request.json", "worker.pyz"]


def test_a_list_of_dependencies_is_bundled_as_uv_reads_it(tmp_path: Path) -> None:
    text = '[tool.poetry]\npackage-mode = false\n[tool.poetry.dependencies]\nsix = "^1.16"\n'
    write_tree(tmp_path, {"src/pyproject.toml": text, "src/main.py": ""})

    archive = made(tmp_path)

    assert "project/src/main.py" not in archive.namelist()
    assert b'"six<2,>=1.16"' in archive.read("listed.toml")
