"""Which terraform runs, and what is said when there is none that can."""

from pathlib import Path

import pytest

from embedded.program import TerraformError, find


def fake(folder: Path, said: str, name: str = "terraform") -> dict[str, str]:
    """Put a program into a folder, return an environment that finds it alone."""
    folder.mkdir(exist_ok=True)
    program = folder / name
    program.write_text(f"#!/bin/sh\necho '{said}'\n")
    program.chmod(0o755)
    return {"PATH": f"{folder}:/usr/bin:/bin"}


def test_a_missing_terraform_is_named_with_the_fix(tmp_path: Path) -> None:
    with pytest.raises(TerraformError, match="terraform was not found") as caught:
        find({"PATH": str(tmp_path)})
    assert "1.4 or newer" in caught.value.expected
    assert "install" in caught.value.fix


def test_an_old_terraform_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TerraformError, match=r"Terraform 1\.3\.9 is too old"):
        find(fake(tmp_path / "old", "Terraform v1.3.9"))
    new = find(fake(tmp_path / "new", "Terraform v1.15.0-beta1"))
    assert (new.path, new.version) == (tmp_path / "new/terraform", "1.15.0-beta1")
    assert new.registry == "registry.terraform.io"


def test_a_program_that_was_replaced_is_asked_again(tmp_path: Path) -> None:
    assert find(fake(tmp_path / "bin", "Terraform v1.11.4")).version == "1.11.4"
    assert find(fake(tmp_path / "bin", "Terraform v1.15.5")).version == "1.15.5"


def test_a_program_that_is_no_terraform_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TerraformError, match="does not say its version"):
        find(fake(tmp_path / "bin", "hello"))


def test_another_terraform_is_named_by_the_variable(tmp_path: Path) -> None:
    environment = fake(tmp_path / "bin", "Terraform v1.11.4")
    fake(tmp_path / "bin", "OpenTofu v1.9.0", "tofu")
    tofu = find({**environment, "TERRAFORM": "tofu"})
    assert str(tofu) == f"OpenTofu 1.9.0 ({tmp_path / 'bin/tofu'})"
    assert tofu.registry == "registry.opentofu.org"

    fake(tmp_path / "far away", "Terraform v1.15.5", "tf")
    by_path = find({**environment, "TERRAFORM": str(tmp_path / "far away/tf")})
    assert by_path.version == "1.15.5"
    with pytest.raises(TerraformError, match="the program tofu2 was not found") as caught:
        find({**environment, "TERRAFORM": "tofu2"})
    assert "TERRAFORM" in caught.value.where
