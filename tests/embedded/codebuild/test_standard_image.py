import subprocess
import sys
from pathlib import Path

import pytest

from embedded.codebuild import interpreters, standard_image
from embedded.codebuild.settings import InvalidInput
from tests.patience import PATIENCE

IMAGE = "aws/codebuild/amazonlinux-x86_64-standard:6.0"


def test_its_interpreters_are_where_pyenv_has_them_and_its_shims_start_one_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = Path(sys.executable)
    monkeypatch.setattr(
        interpreters, "of_version", lambda version, none: here if version == "3.12" else none
    )
    home, programs = tmp_path / "home", tmp_path / "bin"
    home.mkdir()
    programs.mkdir()

    standard_image.furnish(home, programs)

    (there,) = (home / ".pyenv" / "versions").glob("*/bin/*")
    assert there.name == "python3.12"
    ran = subprocess.run([there, "-c", "print('ran')"], capture_output=True, timeout=PATIENCE)
    assert ran.stdout == b"ran\n"
    shim = subprocess.run([programs / "python3.12"], capture_output=True, timeout=PATIENCE)
    assert shim.returncode == 127
    assert not (programs / "python3.14").exists()


def test_it_is_pulled_with_codebuilds_credentials() -> None:
    standard_image.check({"image": IMAGE, "imagePullCredentialsType": "CODEBUILD"})
    standard_image.check({"image": "a/b:1", "imagePullCredentialsType": "SERVICE_ROLE"})
    with pytest.raises(InvalidInput, match="CODEBUILD credentials"):
        standard_image.check({"image": IMAGE, "imagePullCredentialsType": "SERVICE_ROLE"})


@pytest.mark.parametrize("image", [IMAGE.replace("6.0", "5.0"), f"{IMAGE}-26.01.01", "a/b:1"])
def test_others_are_not_taken_for_it(image: str) -> None:
    assert not standard_image.is_standard(image)
