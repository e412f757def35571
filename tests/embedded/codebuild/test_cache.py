import pytest

from embedded.codebuild.buildspec import BuildspecError
from embedded.codebuild.cache import check_paths


@pytest.mark.parametrize("path", ["/var/cache/**/*", "../up/*", "/root", "/rooted/x"])
def test_paths_outside_the_build_are_refused(path: str) -> None:
    with pytest.raises(BuildspecError, match="outside"):
        check_paths([path])


def test_paths_in_source_and_home_are_fine() -> None:
    check_paths(["kept/**/*", "/root/.cache/uv/**/*"])
