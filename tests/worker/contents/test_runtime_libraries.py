from builder.worker.contents.runtime_libraries import is_provided, provided
from builder.worker.request import Target


def target(architecture: str, glibc: str) -> Target:
    return Target("3.12", architecture, glibc, "")


def test_what_glibc_has_depends_on_the_machine() -> None:
    assert "libmvec.so.1" in provided(target("x86_64", "2.26"))
    assert "libmvec.so.1" not in provided(target("arm64", "2.34"))
    assert "ld-linux-aarch64.so.1" in provided(target("arm64", "2.34"))


def test_openssl_is_that_of_the_system() -> None:
    assert is_provided("libssl.so.3", provided(target("x86_64", "2.34")))
    assert not is_provided("libssl.so.3", provided(target("x86_64", "2.26")))


def test_what_glibc_gave_away_is_in_the_older_system_alone() -> None:
    old, new = provided(target("x86_64", "2.26")), provided(target("x86_64", "2.34"))

    assert {"libcrypt.so.1", "libnsl.so.1"} <= old
    assert not {"libcrypt.so.1", "libnsl.so.1"} & new
    assert "libcrypt.so.2" in new


def test_the_interpreter_is_there() -> None:
    assert is_provided("/usr/lib/libpython3.12.so.1.0", ())
