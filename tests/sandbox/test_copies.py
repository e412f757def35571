from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from builder.errors import LayerError
from builder.spec.layers_toml import load_config
from demo.machine import this_architecture, this_python
from sandbox.copies import (
    forget_states,
    place_of,
    refresh,
    settle,
    toml,
)

SCALARS = some.text() | some.integers(-(2**60), 2**60) | some.booleans()
DOCUMENTS = some.dictionaries(
    some.text(),
    some.recursive(
        SCALARS,
        lambda inner: some.lists(inner) | some.dictionaries(some.text(), inner),
        max_leaves=8,
    ),
    max_size=4,
)


def write(folder: Path, *names: str) -> None:
    for name in names:
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name)


def names(folder: Path) -> set[str]:
    return {file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()}


def test_sources_are_copied_and_what_belongs_to_a_real_account_is_not(tmp_path: Path) -> None:
    project, copy = tmp_path / "my shop", tmp_path / "copy"
    write(
        project, "layers.toml", "src/a.py", "terraform.shop.tfstate", "x.tfstate.backup",
        ".terraform.lock.hcl", ".terraform/providers/p", "cdktf.out/stacks/shop/cdk.tf.json",
        ".git/config", "env/pyvenv.cfg", "env/lib/b.py", "src/__pycache__/a.pyc",
    )  # fmt: skip
    refresh(project, copy)
    assert names(copy) == {"layers.toml", "src/a.py"}


def test_the_copy_follows_the_project_and_keeps_what_the_sandbox_made(tmp_path: Path) -> None:
    project, copy = tmp_path / "project", tmp_path / "copy"
    write(project, "layers.toml", "src/a.py", "src/b.py")
    refresh(project, copy)
    write(copy, "terraform.shop.tfstate", "cdktf.out/stacks/shop/cdk.tf.json")
    (project / "src/a.py").unlink()
    (project / "src/b.py").write_text("changed")
    refresh(project, copy)
    assert names(copy) == {
        "layers.toml", "src/b.py", "terraform.shop.tfstate", "cdktf.out/stacks/shop/cdk.tf.json",
    }  # fmt: skip
    assert (copy / "src/b.py").read_text() == "changed"


def test_a_link_out_of_the_project_is_copied_as_a_link_and_never_written_through(
    tmp_path: Path,
) -> None:
    project, copy = tmp_path / "project", tmp_path / "copy"
    write(tmp_path, "precious")
    write(project, "a.py")
    (project / "link").symlink_to(tmp_path / "precious")
    (project / "folder").symlink_to(tmp_path)
    refresh(project, copy)
    (project / "link").unlink()
    write(project, "link")
    refresh(project, copy)
    assert (tmp_path / "precious").read_text() == "precious"
    assert (copy / "link").read_text() == "link"
    assert (copy / "folder").is_symlink()


def test_a_layers_toml_that_is_a_link_is_rewritten_in_the_copy_alone(tmp_path: Path) -> None:
    project, copy = tmp_path / "project", tmp_path / "copy"
    write(project, "a.py")
    text = '[app]\nname = "shop"\n[layers.web]\npython = ["3.9"]\n'
    (tmp_path / "shared.toml").write_text(text)
    for target in (tmp_path / "shared.toml", Path("../shared.toml")):
        (project / "layers.toml").unlink(missing_ok=True)
        (project / "layers.toml").symlink_to(target)
        refresh(project, copy)
        assert settle(copy / "layers.toml") != []
        assert (tmp_path / "shared.toml").read_text() == text


def test_a_folder_that_became_a_file_is_one_in_the_copy_too(tmp_path: Path) -> None:
    project, copy = tmp_path / "project", tmp_path / "copy"
    write(project, "layers.toml", "notes/one", "linked/one")
    refresh(project, copy)
    for name in ("notes", "linked"):
        (project / name / "one").unlink()
        (project / name).rmdir()
    write(project, "notes")
    (project / "linked").symlink_to("notes")
    refresh(project, copy)
    assert (copy / "notes").read_text() == "notes"
    assert (copy / "linked").is_symlink()


def test_a_file_that_cannot_be_copied_is_one_error(tmp_path: Path) -> None:
    project = tmp_path / "project"
    path = project
    while len(str(path)) < 3800:
        path /= "d" * 200
    write(path, "one")
    with pytest.raises(LayerError, match="cannot be copied") as caught:
        refresh(project, tmp_path / ("x" * 200) / ("y" * 200) / "copy")
    assert caught.value.where.startswith(str(project))


def test_states_of_an_aws_that_is_gone_are_forgotten_with_their_workspaces(tmp_path: Path) -> None:
    copy = tmp_path / "projects" / "0" / "shop"
    write(tmp_path, "elsewhere/terraform.tfstate")
    write(
        copy, "a.py", "terraform.tfstate", "terraform.tfstate.backup",
        ".terraform/terraform.tfstate", "terraform.tfstate.d/dev/terraform.tfstate",
    )  # fmt: skip
    (copy / "link").symlink_to(tmp_path / "elsewhere")
    forget_states(tmp_path)
    assert names(copy) == {"a.py"}
    assert names(tmp_path / "elsewhere") == {"terraform.tfstate"}


def test_terraform_files_get_a_state_of_the_sandbox(tmp_path: Path) -> None:
    project, copy = tmp_path / "project", tmp_path / "copy"
    write(project, "main.tf")
    refresh(project, copy)
    refresh(project, copy)
    assert 'backend "local"' in (copy / "sandbox_override.tf").read_text()
    assert names(project) == {"main.tf"}


def test_projects_of_one_name_have_copies_of_their_own(tmp_path: Path) -> None:
    places = {place_of(tmp_path / name / "shop", tmp_path) for name in "ab"}
    assert len(places) == 2
    assert {place.name for place in places} == {"shop"}


def test_layers_are_built_for_this_machine_and_move_no_functions(tmp_path: Path) -> None:
    file = tmp_path / "layers.toml"
    file.write_text(
        '[app]\nname = "shop"\n[app.backend]\nbucket = "b"\nkey = "k"\nregion = "eu-west-1"\n'
        '[defaults]\npython = [\n  "3.9",\n  "3.10",\n]\n'
        '[layers.web]\narchitecture = "arm64"\ndependencies = ["six"]\nfunctions = ["api"]\n'
        '[layers."old-one"]\npython = ["3.12"]\narchitecture = "x86_64"\ndependencies = ["idna"]\n'
    )
    said = settle(file)
    config = load_config(file)
    assert [layer.name for layer in config.layers] == ["web", "old-one"]
    for layer in config.layers:
        assert (layer.python, layer.architecture) == ((this_python(),), this_architecture())
        assert layer.functions == ()
    assert config.app.backend is None
    assert f'python = ["3.9", "3.10"] is ["{this_python()}"]' in said
    assert {"backend is left out", "functions is left out"} <= set(said)
    assert settle(file) == []


def test_what_only_a_real_account_has_is_left_out(tmp_path: Path) -> None:
    file = tmp_path / "layers.toml"
    of_an_account = {
        "kms_key": '"arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"',
        "permissions_boundary": '"arn:aws:iam::123456789012:policy/boundary"',
        "roles": '"existing"',
        "access_logs": '"logs-of-the-account"',
        "notify": '"arn:aws:sns:eu-west-1:123456789012:builds"',
        "dead_letter": '"arn:aws:sqs:eu-west-1:123456789012:dead"',
        "code_signing": '"arn:aws:lambda:eu-west-1:123456789012:code-signing-config:csc-0"',
        "vpc": '{ id = "vpc-0123abcd", subnets = ["subnet-0123abcd"],'
        ' security_groups = ["sg-0123abcd"] }',
    }
    options = "".join(f"{key} = {value}\n" for key, value in of_an_account.items())
    file.write_text(
        f'[app]\nname = "shop"\ntracing = true\n{options}'
        f'[layers.web]\npython = ["{this_python()}"]\narchitecture = "{this_architecture()}"\n'
        'dependencies = ["six"]\n'
    )
    assert settle(file) == sorted(f"{key} is left out" for key in of_an_account)
    app = load_config(file).app
    assert (app.tracing, app.vpc, app.permissions_boundary) == (True, None, "")
    assert app.makes_roles


@pytest.mark.slow
@given(DOCUMENTS)
def test_every_document_is_written_as_what_it_is(document: dict[str, Any]) -> None:
    assert tomllib.loads(toml(document)) == document


@pytest.mark.parametrize("text", ["a\x7fb", "\u2028", 'say "x"\\', "ü\U0001f600", "\r\n\t"])
def test_strings_that_are_hard_to_write(text: str) -> None:
    assert tomllib.loads(toml({text: [text, {text: text}]})) == {text: [text, {text: text}]}
