from dataclasses import replace

import pytest

from builder.aws.functions import Use
from builder.aws.layers import LayerVersion
from builder.errors import LayerError
from builder.layer.record import Pin, Record, Release
from builder.release.living import living_release
from builder.release.prune import Pruning, decide, prune, pruning_of
from tests.builder.aws.test_layers import archive
from tests.builder.conftest import World
from tests.builder.remembered import attempt_of, release_of

PRINTS = {number: f"{number:x}" * 64 for number in range(1, 10)}


def releases(*numbers: int) -> tuple[Release, ...]:
    return tuple(release_of(number, PRINTS[number]) for number in reversed(numbers))


def versions(*numbers: int) -> list[LayerVersion]:
    return [LayerVersion(release_of(n).layer_arn, n, f"{PRINTS[n]}#{n}") for n in reversed(numbers)]


def marked(*numbers: int) -> list[LayerVersion]:
    return [replace(version, app="shop") for version in versions(*numbers)]


def record(*numbers: int, current: int | None = None) -> Record:
    found = releases(*numbers)
    newest = next((r for r in found if r.number == current), found[0])
    return Record("web", consumed=max(numbers), current=newest, releases=found)


def use(version: int, function: str = "api", qualifier: str = "$LATEST") -> Use:
    return Use(function, qualifier, release_of(version).layer_arn)


def going(pruning: Pruning) -> list[int]:
    return [verdict.version for verdict in pruning.going]


def why(pruning: Pruning, version: int) -> str:
    return next(verdict.stays for verdict in pruning.verdicts if verdict.version == version)


# What goes, and why the others stay


def test_the_newest_versions_are_kept_and_the_others_go_with_their_artifacts() -> None:
    found = decide(versions(1, 2, 3, 4), record(1, 2, 3, 4), [], 2, "shop")

    assert going(found) == [2, 1]
    assert found.fingerprints == (PRINTS[2], PRINTS[1])
    assert why(found, 4) == "current"
    assert why(found, 3) == "one of the newest 2"


def test_the_current_version_stays_however_old_it_is() -> None:
    found = decide(versions(1, 2, 3), record(1, 2, 3, current=1), [], 1, "shop")

    assert going(found) == [2]
    assert why(found, 1) == "current"
    assert why(found, 3) == "the newest"


def test_a_refused_version_goes_however_new_it_is_unless_a_function_has_it() -> None:
    refused = tuple(release_of(number).layer_arn for number in (3, 4))
    known = replace(record(1, 2), refused=refused, attempt=attempt_of(3))
    found = decide([*marked(3, 4), *versions(1, 2)], known, [use(4)], 1, "shop")

    assert going(found) == [3, 1]
    assert why(found, 4) == "used by api"
    assert why(found, 2) == "current"


def test_a_pinned_version_stays_and_says_who_wanted_it() -> None:
    pin = Pin(release_of(1, PRINTS[1]), "alice", "2026-01-01T00:00:00Z", "v3 is bad")
    found = decide(versions(1, 2, 3), replace(record(1, 2, 3), pinned=pin), [], 1, "shop")

    assert going(found) == [2]
    assert "alice" in why(found, 1)
    assert "v3 is bad" in why(found, 1)


def test_a_version_that_a_function_has_stays_and_names_it() -> None:
    uses = [use(1), use(2, "jobs", "7")]
    found = decide(versions(1, 2, 3, 4), record(1, 2, 3, 4), uses, 1, "shop")

    assert going(found) == [3]
    assert why(found, 1) == "used by api"
    assert why(found, 2) == "used by jobs:7"


def test_of_many_functions_a_few_are_named() -> None:
    uses = [use(1, f"f{number}") for number in range(5)]
    found = decide(versions(1, 2), record(1, 2), uses, 1, "shop")

    assert why(found, 1) == "used by f0, f1, f2 and 2 more"


def test_what_another_caller_published_stays() -> None:
    theirs = replace(versions(1)[0], token="")
    found = decide([*versions(2, 3), theirs], record(2, 3), [], 1, "shop")

    assert going(found) == [2]
    assert why(found, 1) == "not published by us"


def test_what_another_application_published_under_the_same_name_stays() -> None:
    theirs = replace(versions(1)[0], app="shop-web")
    old = replace(versions(2)[0], arn="arn:of-before", app="")
    found = decide([*versions(3, 4), theirs, old], record(3, 4), [], 1, "shop")

    assert going(found) == [3]
    assert why(found, 1) == "published for application shop-web"
    assert why(found, 2) == "published for an application that it does not name"


def test_a_version_that_is_published_and_not_recorded_yet_stays() -> None:
    unfinished = replace(record(1, 2), attempt=attempt_of(3, PRINTS[3]))
    found = decide(versions(1, 2, 3), unfinished, [], 1, "shop")

    assert why(found, 3) == "its release is not finished"
    assert going(found) == [1]


def test_an_artifact_stays_while_any_version_of_it_does() -> None:
    same = tuple(replace(release, fingerprint=PRINTS[1]) for release in releases(1, 2))
    listed = [LayerVersion(r.layer_arn, r.version, f"{PRINTS[1]}#{r.number}") for r in same]
    found = decide(listed, Record("web", current=same[0], releases=same), [], 1, "shop")

    assert going(found) == [1]
    assert found.fingerprints == ()


def test_an_artifact_stays_that_a_build_under_way_may_use() -> None:
    building = replace(record(1, 2), attempt=attempt_of(3, PRINTS[1]))
    found = decide(versions(1, 2), building, [], 1, "shop")

    assert going(found) == []
    assert why(found, 1) == "its release is not finished"
    failed = replace(building, attempt=replace(attempt_of(3, PRINTS[1]), failure="it broke"))
    found = decide(versions(1, 2), failed, [], 1, "shop")
    assert going(found) == [1]
    assert found.fingerprints == ()


def test_what_is_left_of_a_version_that_was_deleted_by_hand_goes_too() -> None:
    found = decide(versions(2, 3), record(1, 2, 3), [], 2, "shop")

    assert [(v.version, v.gone) for v in found.going] == [(1, True)]
    assert found.fingerprints == (PRINTS[1],)


def test_what_is_left_of_a_deleted_version_stays_while_a_function_has_it() -> None:
    found = decide(versions(2), record(1, 2), [use(1)], 1, "shop")

    assert going(found) == []
    assert why(found, 1) == "used by api"


def test_a_layer_without_versions_has_nothing_to_prune() -> None:
    assert decide([], Record("web"), [], 1, "shop") == Pruning((), ())


# In AWS


def released(world: World, count: int) -> list[Release]:
    done = [world.release()]
    for _ in range(count - 1):
        world.edit()
        done.append(world.release())
    return done


def test_versions_and_their_objects_go_and_nothing_else(world: World) -> None:
    first, second, third = released(world, 3)
    layer = world.layer()

    prune(layer, pruning_of(layer, 2), lambda _line: None)

    assert world.versions() == [2, 3]
    assert world.keys(f"web/artifacts/{first.fingerprint}") == []
    assert world.keys(f"web/bundles/{first.fingerprint}") == []
    assert world.keys(f"web/inputs/{first.fingerprint}") == []
    assert world.keys(f"web/artifacts/{second.fingerprint}") != []
    assert world.keys(f"web/artifacts/{third.fingerprint}") != []
    assert world.keys("web/record.json") != []
    found = layer.records.load()
    assert found is not None
    assert [release.version for release in found.releases] == [3, 2]


def test_a_look_changes_nothing(world: World) -> None:
    released(world, 2)
    before = world.keys(), world.versions()

    assert going(pruning_of(world.layer(), 1)) == [1]
    assert (world.keys(), world.versions()) == before


def test_no_version_is_left_behind_of_an_object(world: World) -> None:
    first, _ = released(world, 2)
    # An overwritten object and a deleted one have versions that nobody sees.
    world.put(f"web/artifacts/{first.fingerprint}/layer.zip", b"other")
    world.delete(f"web/artifacts/{first.fingerprint}/manifest.json")

    layer = world.layer()
    prune(layer, pruning_of(layer, 1), lambda _line: None)

    s3 = world.aws.client("s3")
    left = s3.list_object_versions(Bucket=world.name, Prefix=f"web/artifacts/{first.fingerprint}")
    assert left.get("Versions", []) + left.get("DeleteMarkers", []) == []


def test_versions_of_running_and_published_functions_stay(world: World) -> None:
    one, two, _ = released(world, 3)
    lambda_ = world.aws.client("lambda")
    lambda_.create_function(
        FunctionName=world.name, Runtime="python3.12", Role=world.role, Handler="x.y",
        Code={"ZipFile": archive()}, Layers=[one.layer_arn],
    )  # fmt: skip
    lambda_.publish_version(FunctionName=world.name)
    lambda_.update_function_configuration(FunctionName=world.name, Layers=[two.layer_arn])

    found = pruning_of(world.layer(), 1)

    assert going(found) == []
    assert why(found, 1) == f"used by {world.name}:1"
    assert why(found, 2) == f"used by {world.name}"


def test_a_prune_that_was_interrupted_goes_on_with_what_is_left(world: World) -> None:
    first, _ = released(world, 2)
    world.delete_version(1)

    layer = world.layer()
    prune(layer, pruning_of(layer, 1), lambda _line: None)

    assert world.keys(f"web/artifacts/{first.fingerprint}") == []
    assert pruning_of(layer, 1).going == ()


def test_what_was_pruned_can_be_built_again(world: World) -> None:
    world.edit("x = 'old'\n")
    old = world.release()
    world.edit("x = 'new'\n")
    world.release()
    layer = world.layer()
    prune(layer, pruning_of(layer, 1), lambda _line: None)

    world.edit("x = 'old'\n")
    again = world.release()

    assert again.fingerprint == old.fingerprint
    assert world.versions() == [2, 3]


# After a release


def test_a_release_prunes_when_the_layer_says_how_many_to_keep(world: World) -> None:
    for _ in range(3):
        world.edit()
        world.release(world.layer(keep=2))

    assert world.versions() == [2, 3]


def test_a_release_does_not_fail_when_pruning_does(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.release(world.layer(keep=1))
    world.edit()
    said: list[str] = []
    world.become(
        monkeypatch,
        *("s3:*", "codebuild:*", "iam:PassRole", "logs:*"),
        *("lambda:PublishLayerVersion", "lambda:GetLayerVersion", "lambda:ListLayerVersions"),
    )
    release = world.release(world.layer(keep=1), progress=said.append)

    assert release.version == 2
    assert world.versions() == [1, 2]
    assert "NOTE: old versions were not pruned (keep = 1)" in said[-1]
    assert "lambda:ListFunctions" in said[-1]


def test_versions_of_others_go_only_when_asked_and_nothing_is_seen_to_need_them() -> None:
    old = [LayerVersion(release_of(n).layer_arn, n, "") for n in (6, 4, 3, 2, 1)]
    known = record(5)
    shared = {release_of(1).layer_arn: ["arn:aws:iam::222222222222:root", "*"]}
    uses = [use(2, "api"), use(3, "jobs", "7")]

    found = decide([*marked(5), *old], known, uses, 1, "shop", shared)
    assert going(found) == [4]
    assert why(found, 1) == (
        "shared with arn:aws:iam::222222222222:root, *, whose functions cannot be seen"
    )
    assert why(found, 2) == "used by api"
    assert why(found, 3) == "used by jobs:7"
    assert why(found, 6) == "others published it after the current version"
    assert found.fingerprints == ()

    assert going(decide([*marked(5), *old], known, uses, 1, "shop")) == []
    nothing_follows = decide(old, Record("web"), uses, 1, "shop", shared)
    assert going(nothing_follows) == []
    assert why(nothing_follows, 4) == "no release of ours follows on it yet"


# What is needed once it was judged


def test_a_version_that_is_pinned_after_it_was_judged_stays_with_its_objects(
    world: World,
) -> None:
    first, _ = released(world, 2)
    layer = world.layer()
    judged = pruning_of(layer, 1)
    assert going(judged) == [1]
    layer.records.change(lambda record: replace(record, pinned=Pin(first, "alice", "2026-01-01")))

    said: list[str] = []
    assert prune(layer, judged, said.append) == 0

    assert layer.services.layers.get(first.layer_arn) is not None
    assert first in layer.records.load_or_new().releases
    assert said == [f"keeping {first.layer_arn}: pinned to version 1 by alice since 2026-01-01"]


def test_a_version_that_a_release_goes_back_to_after_it_was_judged_stays(world: World) -> None:
    first, _ = released(world, 2)
    layer = world.layer()
    judged = pruning_of(layer, 1)
    begun = replace(attempt_of(3), fingerprint=first.fingerprint)
    layer.records.change(lambda record: record.begun(begun))

    assert prune(layer, judged, lambda _line: None) == 0

    assert layer.services.layers.get(first.layer_arn) is not None
    assert going(pruning_of(layer, 1)) == []
    assert why(pruning_of(layer, 1), 1) == "its release is not finished"


def test_a_version_that_is_about_to_be_deleted_is_neither_adopted_nor_listed(
    world: World,
) -> None:
    first, second = released(world, 2)
    layer = world.layer()
    layer.records.change(lambda record: record.pruning([first.layer_arn]))

    with pytest.raises(LayerError, match="version 1 of layer 'web' was deleted") as caught:
        living_release(layer, layer.records.load_or_new(), 1)
    assert caught.value.expected == f"version 2 of {second.published_at} ({second.reason})"
    assert going(pruning_of(layer, 1)) == [1]
