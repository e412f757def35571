"""What a layer can be described with: each form of input, built by the real worker."""

import hashlib
import io
import os
import subprocess
import tarfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.package_index import PackageIndex
from tests.patience import PATIENCE
from tests.worker.samples import offline

if TYPE_CHECKING:
    from tests.worker.conftest import Bundle, MakeBundle, MakeWheel, Result

UV_BUILD = '[build-system]\nrequires = ["uv_build>=0.13,<0.14"]\nbuild-backend = "uv_build"\n'
FLAT = UV_BUILD + '[tool.uv.build-backend]\nmodule-root = ""\n'
PROJECT = '[project]\nname = "{name}"\nversion = "1.0"\nrequires-python = ">=3.9"\n'


def described(name: str, head: str = UV_BUILD, tail: str = "") -> str:
    return head + PROJECT.format(name=name) + tail


def own(bundle: "Bundle", text: str) -> None:
    """Write requirements that look for packages in the project's own wheels."""
    links = bundle.path / "project" / "wheels"
    file = bundle.path / "project" / "requirements.txt"
    file.write_text(f"--no-index\n--find-links {links}\n{text}\n")


def versions(result: "Result") -> dict[str, str]:
    assert result.status == 0, result.errors
    return {package["name"]: package["version"] for package in result.manifest["packages"]}


@pytest.mark.slow
def test_a_flat_layout(make_bundle: "MakeBundle") -> None:
    files = {"pyproject.toml": described("flat", FLAT), "flat/__init__.py": "", "setup.sh": ""}

    result = make_bundle(files, package=".").run()

    assert versions(result) == {"flat": "1.0"}
    assert "python/flat/__init__.py" in result.names
    assert not [name for name in result.names if name.endswith(".sh")]


@pytest.mark.slow
def test_a_namespace_package_shares_its_name_with_another(
    make_bundle: "MakeBundle", make_wheel: "MakeWheel"
) -> None:
    head = UV_BUILD + '[tool.uv.build-backend]\nmodule-name = "shop.web"\n'
    files = {
        "web/pyproject.toml": described("shop-web", head),
        "web/src/shop/web/__init__.py": "from shop.base import number\n",
        "web/src/shop/web/data.json": "{}",
    }
    bundle = make_bundle(files, package="web", requirements=["requirements.txt"])
    make_wheel(
        bundle.path / "project" / "wheels",
        "shop_base",
        files={"shop/base.py": "number = 1\n"},
    )
    own(bundle, "shop_base")

    result = bundle.run()

    assert versions(result) == {"shop-base": "1.0", "shop-web": "1.0"}
    assert {"python/shop/base.py", "python/shop/web/data.json"} <= result.names
    assert "python/shop/__init__.py" not in result.names
    assert "importing 2 modules" in result.output


@pytest.mark.slow
def test_extras_of_the_package_bring_their_dependencies(
    make_bundle: "MakeBundle", make_wheel: "MakeWheel"
) -> None:
    tail = '[project.optional-dependencies]\nmore = ["fll-more"]\nnever = ["fll-never"]\n'
    files = {
        "pyproject.toml": described("web", tail=tail),
        "src/web/__init__.py": "",
    }
    bundle = make_bundle(files, package=".", extras=["more"], requirements=["requirements.txt"])
    make_wheel(bundle.path / "project" / "wheels", "fll_more")
    own(bundle, "")

    assert versions(bundle.run()) == {"fll-more": "1.0", "web": "1.0"}


@pytest.mark.slow
def test_a_local_editable_in_a_requirements_file_is_built_into_the_layer(
    make_bundle: "MakeBundle",
) -> None:
    files = {
        "requirements/base.txt": "-e ./libs/one\n./libs/two\n",
        "libs/one/pyproject.toml": described("one"),
        "libs/one/src/one/__init__.py": "",
        "libs/two/pyproject.toml": described("two"),
        "libs/two/src/two/__init__.py": "",
    }

    result = make_bundle(files, requirements=["requirements/base.txt"]).run()

    assert versions(result) == {"one": "1.0", "two": "1.0"}
    assert {"python/one/__init__.py", "python/two/__init__.py"} <= result.names
    assert not [name for name in result.names if name.endswith((".pth", "direct_url.json"))]


@pytest.mark.slow
def test_hashes_are_checked_and_markers_are_judged_for_the_target(
    make_bundle: "MakeBundle", make_wheel: "MakeWheel"
) -> None:
    def build(folder: str, digest: str) -> "Result":
        bundle = make_bundle(folder=folder, requirements=["requirements.txt"])
        wheel = make_wheel(bundle.path / "project" / "wheels", "fll_hashed")
        digest = digest or hashlib.sha256(wheel.read_bytes()).hexdigest()
        gone = "fll-windows==1.0 ; sys_platform == 'win32' --hash=sha256:" + "0" * 64
        own(bundle, f"fll-hashed==1.0 --hash=sha256:{digest}\n{gone}")
        return bundle.run()

    assert versions(build("right", "")) == {"fll-hashed": "1.0"}
    refused = build("wrong", "1" * 64)
    assert refused.status == 1
    assert "fll-hashed" in refused.errors
    assert "hash" in refused.errors.lower()


@pytest.mark.slow
def test_an_index_url_in_a_requirements_file_is_used(
    make_bundle: "MakeBundle", make_wheel: "MakeWheel", tmp_path: Path
) -> None:
    make_wheel(tmp_path / "index", "fll_indexed")
    with PackageIndex(tmp_path / "index").serving() as index:
        files = {"requirements.txt": f"--index-url {index.url}\nfll-indexed\n"}

        result = make_bundle(files, requirements=["requirements.txt"]).run()

    assert versions(result) == {"fll-indexed": "1.0"}
    assert [path for path in index.asked if path.startswith("/files/")]


@pytest.mark.slow
def test_several_inputs_are_resolved_together(
    make_bundle: "MakeBundle", make_wheel: "MakeWheel"
) -> None:
    files = {
        "app/pyproject.toml": described("app", tail='dependencies = ["fll-shared<3"]\n'),
        "app/src/app/__init__.py": "",
        "more.txt": "fll-shared>=1,!=2.5\n",
    }
    bundle = make_bundle(
        files,
        package="app",
        requirements=["requirements.txt", "more.txt"],
        dependencies=["fll-shared>1"],
    )
    for version in ("1.0", "2.0", "2.5", "3.0"):
        make_wheel(bundle.path / "project" / "wheels", "fll_shared", version)
    own(bundle, "")

    result = bundle.run()

    assert versions(result) == {"app": "1.0", "fll-shared": "2.0"}
    assert "resolving app, requirements.txt, more.txt and 1 dependency" in result.output


@pytest.mark.slow
def test_inputs_that_contradict_each_other_are_refused(
    make_bundle: "MakeBundle", make_wheel: "MakeWheel"
) -> None:
    bundle = make_bundle(requirements=["requirements.txt"], dependencies=["fll-shared<2"])
    for version in ("1.0", "2.0"):
        make_wheel(bundle.path / "project" / "wheels", "fll_shared", version)
    own(bundle, "fll-shared>=2")

    result = bundle.run()

    assert result.status == 1
    assert "ERROR: no set of versions satisfies the requirements" in result.errors
    assert "fll-shared<2" in result.errors


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A git repository with a package."""
    folder = tmp_path / "repository"
    (folder / "src" / "fromgit").mkdir(parents=True)
    (folder / "pyproject.toml").write_text(described("fromgit"))
    (folder / "src" / "fromgit" / "__init__.py").write_text("")
    for words in (["init", "-q", "."], ["add", "-A"], ["commit", "-qm", "one"]):
        command = ["git", "-c", "user.email=a@example.com", "-c", "user.name=a", *words]
        subprocess.run(command, cwd=folder, check=True, timeout=PATIENCE)
    return folder


@pytest.mark.slow
def test_a_git_repository_is_built_and_its_commit_is_in_the_lock(
    make_bundle: "MakeBundle", repository: Path
) -> None:
    result = make_bundle(dependencies=[f"fromgit @ git+file://{repository}"]).run()

    assert versions(result) == {"fromgit": "1.0"}
    lock = next(result.out.glob("lock-*.txt")).read_text()
    head = subprocess.run(
        ["git", "rev-parse", "HEAD"],
        cwd=repository,
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE,
    )
    assert f"@{head.stdout.strip()}" in lock


@pytest.mark.slow
def test_without_git_in_the_build_image_it_is_said_so(
    make_bundle: "MakeBundle", repository: Path, tmp_path: Path
) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("sh", "env"):
        (programs / name).symlink_to(f"/bin/{name}")

    result = make_bundle(dependencies=[f"fromgit @ git+file://{repository}"]).run(
        env={"PATH": str(programs)}
    )

    assert result.status == 1
    assert "ERROR: a requirement's git repository cannot be fetched" in result.errors
    assert "git in the build image" in result.errors


@pytest.mark.slow
def test_a_module_that_may_fail_does_not_refuse_the_layer(make_bundle: "MakeBundle") -> None:
    files = {
        "pyproject.toml": described("gui", FLAT),
        "gui/__init__.py": "import not_there_at_all\n",
    }

    refused = make_bundle(files, folder="refused", package=".").run()
    allowed = make_bundle(files, folder="allowed", package=".", may_fail=["gui"]).run()

    assert "ERROR: gui cannot be imported" in refused.errors
    assert allowed.status == 0, allowed.errors
    assert "gui does not import here (it may fail)" in allowed.output


@pytest.mark.slow
def test_nothing_of_the_users_machine_gets_into_a_layer(
    make_bundle: "MakeBundle", make_wheel: "MakeWheel"
) -> None:
    bundle = make_bundle(requirements=["requirements.txt"])
    make_wheel(bundle.path / "project" / "wheels", "fll_plain")
    own(bundle, "fll-plain")

    result = bundle.run(env={"PYTHONPATH": str(bundle.path), "UV_TARGET": "/nowhere"})

    assert versions(result) == {"fll-plain": "1.0"}
    with zipfile.ZipFile(result.out / "layer.zip") as archive:
        content = b"".join(archive.read(name) for name in archive.namelist())
    assert os.fsencode(bundle.path) not in content


@pytest.mark.slow
@pytest.mark.parametrize("folder", ["", "reqs/"])
def test_wheels_of_the_projects_own_folder(
    make_bundle: "MakeBundle", make_wheel: "MakeWheel", folder: str
) -> None:
    file = f"{folder}requirements.txt"
    bundle = make_bundle({file: "--find-links ./links\nours==1.0\n"}, requirements=[file])
    make_wheel(bundle.path / "project" / folder / "links", "ours")

    result = bundle.run()

    assert versions(result) == {"ours": "1.0"}
    assert "links" not in (result.out / next(iter(locks(result)))).read_text()


@pytest.mark.slow
def test_a_wheel_named_by_its_path(make_bundle: "MakeBundle", make_wheel: "MakeWheel") -> None:
    line = "./links/ours-1.0-py3-none-any.whl\n"
    bundle = make_bundle({"requirements.txt": line}, requirements=["requirements.txt"])
    make_wheel(bundle.path / "project" / "links", "ours")

    result = bundle.run()

    assert versions(result) == {"ours": "1.0"}
    assert "ours 1.0 is built from links/" in (result.out / next(iter(locks(result)))).read_text()


@pytest.mark.slow
def test_an_sdist_named_by_its_path(make_bundle: "MakeBundle") -> None:
    line = "./links/ours-1.0.tar.gz\n"
    bundle = make_bundle({"requirements.txt": line}, requirements=["requirements.txt"])
    folder = bundle.path / "project" / "links"
    folder.mkdir()
    with tarfile.open(folder / "ours-1.0.tar.gz", "w:gz") as archive:
        contents = {"pyproject.toml": described("ours", FLAT), "ours/__init__.py": "x = 1\n"}
        for name, text in {**contents, "PKG-INFO": "Name: ours\nVersion: 1.0\n"}.items():
            info = tarfile.TarInfo(f"ours-1.0/{name}")
            info.size = len(text)
            archive.addfile(info, io.BytesIO(text.encode()))

    result = bundle.run()

    assert versions(result) == {"ours": "1.0"}
    assert "python/ours/__init__.py" in result.names


@pytest.mark.slow
def test_a_path_outside_of_the_project_is_refused(make_bundle: "MakeBundle") -> None:
    line = "./gone/ours-1.0-py3-none-any.whl\n"
    result = make_bundle({"requirements.txt": line}, requirements=["requirements.txt"]).run()

    assert result.status == 1
    assert "gone/ours-1.0-py3-none-any.whl" in result.errors


def locks(result: "Result") -> list[str]:
    return [path.name for path in result.out.glob("lock-*.txt")]


@pytest.mark.slow
def test_an_extra_that_a_dependency_does_not_have_is_named(
    make_bundle: "MakeBundle", make_wheel: "MakeWheel"
) -> None:
    bundle = make_bundle(requirements=["requirements.txt"])
    wheels = bundle.path / "project" / "wheels"
    make_wheel(wheels, "dep", files={"dep.py": ""})
    make_wheel(wheels, "outer", files={"outer.py": ""}, requires=("dep[deeper]",))
    offline(bundle, "outer\ndep[nothing]")

    result = bundle.run()

    assert result.status == 0, result.errors
    notes = [line for line in result.output.splitlines() if "has no extra" in line]
    assert len(notes) == 2
    assert any("has no extra 'nothing': what it should bring is not there" in n for n in notes)
    assert any("'deeper'" in note for note in notes)
