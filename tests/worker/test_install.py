from builder.worker.install import batches, older_version
from builder.worker.lock import Lock, Pin
from builder.worker.process import Outcome


def pins(count: int, *, hashed: bool = True) -> list[Pin]:
    line = "a==1 --hash=sha256:aa" if hashed else "a @ git+x"
    return [Pin(f"a{number}", "1", line) for number in range(count)]


def test_a_lock_is_installed_in_batches() -> None:
    assert [len(batch) for batch in batches(pins(250), 100)] == [100, 100, 50]


def test_what_has_no_hashes_is_installed_apart_so_that_the_rest_is_checked() -> None:
    made = batches([*pins(1, hashed=False), *pins(2)], 100)

    assert [[pin.hashed for pin in batch] for batch in made] == [[True, True], [False]]


def test_the_advice_names_the_version_that_has_a_wheel() -> None:
    locked = Lock((), older=(("my-numpy", "2.2.6"),))

    assert "my-numpy 2.2.6 has a wheel" in older_version(
        Outcome(("uv",), 1, "Failed to build `My_numpy==2.4`"), locked
    )
    assert older_version(Outcome(("uv",), 1, "Failed to build `other==1`"), locked) == ""
