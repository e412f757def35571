"""The commands that are tried with faults: what is there before, and when their job is done."""

from __future__ import annotations

from tests.soak.ground import Ground
from tests.soak.operations import Operation

ACCOUNT = "222222222222"


def _pruned(ground: Ground) -> str:
    record, newest = ground.record(), ground.numbers[-1]
    if ground.versions() != [newest]:
        return f"versions {ground.versions()} are left"
    if record is None or [r["version"] for r in record["releases"]] != [newest]:
        return "the record lists what was pruned"
    old = [r["fingerprint"] for r in ground.document["releases"] if r["version"] != newest]
    left = [key for key in ground.objects_left() if any(fingerprint in key for fingerprint in old)]
    return f"{left} are left" if left else ""


def _rolled_back(ground: Ground) -> str:
    record, first = ground.record(), ground.numbers[0]
    if record is None or not record["pinned"] or record["pinned"]["release"]["version"] != first:
        return "it is not pinned"
    return "" if ground.version_of_function() == first else "the function is elsewhere"


def _unpinned(ground: Ground) -> str:
    record = ground.record()
    if record is None or record["pinned"]:
        return "it is still pinned"
    return _moved(ground)


def _moved(ground: Ground) -> str:
    on, newest = ground.version_of_function(), ground.numbers[-1]
    return "" if on == newest else f"the function is on {on}, not on {newest}"


def _retired(ground: Ground) -> str:
    left = [str(version) for version in ground.versions()] + ground.objects_left()
    return f"{left} are left" if left else ""


def _retired_but_one(ground: Ground) -> str:
    if ground.versions() != ground.numbers[1:2]:
        return f"versions {ground.versions()} are left, not {ground.numbers[1:2]}"
    return (
        ""
        if ground.objects_left() == ["_retired/web.json"]
        else f"{ground.objects_left()} are left"
    )


def _adopted(ground: Ground) -> str:
    is_there = f'layer_name = "{ground.name}-by-hand"' in ground.toml.read_text()
    return "" if is_there else "layers.toml has no name"


def _sharing(ground: Ground) -> str:
    return f'share = ["{ACCOUNT}"]\nparameter = "{ground.parameter}"\n'


def _shared(ground: Ground) -> str:
    if ground.users(3) != [ACCOUNT]:
        return f"it is shared with {ground.users(3)}"
    has = ground.parameter_value()
    return "" if has.endswith(f":{ground.numbers[-1]}") else f"the parameter has {has!r}"


def _share_first(ground: Ground) -> None:
    ground.lay(more=_sharing(ground))
    done = ground.run("build", "web")
    assert done.exit_code == 0, done.output
    ground.toml.write_text(ground.text)


def _revoked(ground: Ground) -> str:
    if ground.users(3):
        return f"it is shared with {ground.users(3)}"
    has = ground.parameter_value()
    return f"the parameter has {has}" if has else ""


OPERATIONS = (
    Operation(
        "prune", lambda g: g.lay(), lambda _: ("prune", "web", "--keep", "1", "--yes"), _pruned
    ),
    Operation(
        "rollback",
        lambda g: g.lay(),
        lambda g: ("rollback", "web", str(g.numbers[0]), "--yes"),
        _rolled_back,
    ),
    Operation(
        "unpin", lambda g: g.lay(on=1, pinned=1), lambda _: ("unpin", "web", "--yes"), _unpinned
    ),
    Operation("move", lambda g: g.lay(on=1), lambda _: ("move", "web"), _moved),
    Operation(
        "retire", lambda g: g.lay(on=0), lambda _: ("retire", "web", "--yes"), _retired, ends=True
    ),
    Operation(
        "retire, one in use",
        lambda g: g.lay(on=2),
        lambda _: ("retire", "web", "--yes"),
        _retired_but_one,
        ends=True,
    ),
    Operation(
        "adopt",
        lambda g: g.lay_nothing(),
        lambda g: (
            "adopt",
            "web",
            f"arn:aws:lambda:eu-central-1:123456789012:layer:{g.name}-by-hand",
        ),
        _adopted,
    ),
    Operation("share", lambda g: g.lay(more=_sharing(g)), lambda _: ("build", "web"), _shared),
    Operation("revoke", _share_first, lambda _: ("build", "web"), _revoked),
)
