"""Facts that the builder and the worker each hold for themselves are the same on both sides.

The worker imports nothing of the builder: it runs alone, in the build image.
"""

from __future__ import annotations

import ast
import dataclasses
import json
from io import StringIO
from typing import Any

import pytest

from builder.builds import artifact, part
from builder.inputs import bundle
from builder.inputs.locks import project_lock
from builder.protocol import variables
from builder.spec import checks, indexes, runtimes
from builder.spec.layer_spec import LayerSpec
from builder.spec.runtimes import ARCHITECTURES, RUNTIMES
from builder.worker import indexes as worker_indexes
from builder.worker import parts, program, request
from builder.worker.audit import checks as audit
from builder.worker.contents import runtime_libraries
from builder.worker.documents import manifest
from builder.worker.install import include
from builder.worker.log import Log
from builder.worker.resolve import project_lock as locked
from builder.worker.slim import options
from tests.builder.conftest import spec_of
from tests.builder.pinned import LAYERS


def sent(spec: LayerSpec) -> dict[str, Any]:
    """Return the request of a layer as it is in the bundle."""
    document: dict[str, Any] = json.loads(json.dumps(bundle.request(spec, "9f" * 32)))
    return document


@pytest.mark.parametrize("name", LAYERS)
def test_the_worker_reads_of_a_request_all_that_is_in_it(name: str) -> None:
    document = sent(LAYERS[name])
    read = request.parse(document)

    # json: lists and tuples are the same. An index and rules are described by what they have.
    found = json.loads(json.dumps(dataclasses.asdict(read)))
    found["licences"] = {rule: names for rule, names in found["licences"].items() if names}
    found["indexes"] = [
        {k: v for k, v in index.items() if v != "" and v is not None} for index in found["indexes"]
    ]
    assert {key: found[key] for key in document if key != "schema"} == {
        key: value for key, value in document.items() if key != "schema"
    }


def test_the_worker_knows_the_keys_of_a_request_and_no_others() -> None:
    known = {field.name for field in dataclasses.fields(request.Request)}

    # ``several`` is what the worker makes of a request for one of its parts.
    assert known - {"several"} == sent(spec_of()).keys() - {"schema"}


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_worker_takes_every_runtime_and_knows_what_it_has(architecture: str) -> None:
    spec = spec_of(python=tuple(RUNTIMES), architecture=architecture)

    targets = request.parse(sent(spec)).targets

    assert [str(target) for target in targets] == [str(target) for target in spec.targets]
    for target in targets:
        assert target.machine == ARCHITECTURES[architecture].machine
        assert target.glibc in audit.GCC_VERSIONS
        assert target.glibc in runtime_libraries.OPENSSL
        assert target.machine in runtime_libraries.GLIBC_OF_MACHINE


def test_the_worker_knows_no_architecture_and_no_glibc_that_lambda_has_not() -> None:
    glibc = {system.glibc for system in RUNTIMES.values()}

    assert {a.name: a.machine for a in ARCHITECTURES.values()} == request.MACHINES
    assert audit.GCC_VERSIONS.keys() == runtime_libraries.OPENSSL.keys() == glibc


def test_sizes_are_judged_by_one_limit() -> None:
    assert audit.UNZIPPED_LIMIT == runtimes.UNZIPPED_LIMIT


def test_options_of_slim_and_include_are_what_the_worker_can_do() -> None:
    assert set(checks.SLIM) == {*options.CHOICES, "symbols"}
    assert set(checks.INCLUDE) == {include.BIN, include.LIB}


def test_documents_have_the_same_schema_where_they_are_written_and_read() -> None:
    assert bundle.REQUEST_SCHEMA == request.SCHEMA
    assert artifact.SCHEMA == manifest.SCHEMA
    assert part.SCHEMA == parts.SCHEMA


def test_the_projects_lock_has_one_name_in_the_bundle() -> None:
    assert project_lock.LOCKED == locked.FILE


@pytest.mark.parametrize(
    "variable",
    [
        variables.DEBUG_VARIABLE,
        variables.TARGET_VARIABLE,
        variables.MERGE_VARIABLE,
        variables.SEALS_VARIABLE,
    ],
)
def test_the_worker_reads_the_variables_that_builds_are_started_with(variable: str) -> None:
    modules = [text for name, text in program.files().items() if name.endswith(".py")]
    words = {
        node.value
        for module in modules
        for node in ast.walk(ast.parse(module))
        if isinstance(node, ast.Constant)
    }

    assert variable in words


def test_uv_finds_the_login_of_an_index_under_the_name_that_the_worker_gives_it() -> None:
    house = indexes.Index("house", "https://packages.example.com/simple", "ci", "pypi/ci:password")
    described = [worker_indexes.parse(index.describe()) for index in (house, house)]
    environment: dict[str, str] = {}
    worker_indexes.log_in(described, environment, Log(StringIO()))

    # uv's documentation, "Package indexes": UV_INDEX_<NAME>_USERNAME, the name in upper case.
    names = [entry.partition("=")[0] for entry in environment["UV_INDEX"].split()]
    prefixes = [f"UV_INDEX_{name.upper().replace('-', '_')}" for name in names]
    assert [name for name, _ in indexes.usernames((house, house))] == [
        f"{prefix}_USERNAME" for prefix in prefixes
    ]
    assert [name for name, _ in indexes.secrets((house, house))] == [
        f"{prefix}_PASSWORD" for prefix in prefixes
    ]
