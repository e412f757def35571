import json
import re
import tarfile
from pathlib import Path
from typing import Any

import pytest

from builder.errors import LayerError
from embedded.standins import bindings
from embedded.standins.bindings import derive, provider_schema
from embedded.standins.catalog import AWS, EXTERNAL, PROVIDERS, Provider
from embedded.standins.schema import Attribute, ProviderSchema


@pytest.fixture(scope="module")
def aws_schema(schemas: Path) -> ProviderSchema:
    return provider_schema(AWS, schemas)


@pytest.mark.slow
def test_the_catalog_says_the_version_that_the_bindings_were_made_of() -> None:
    for provider in PROVIDERS:
        for source in bindings.typescript(provider).values():
            assert f"hashicorp/{provider.name}/{provider.version}/docs" in source


@pytest.mark.slow
def test_types_are_those_of_the_bindings_declarations(aws_schema: ProviderSchema) -> None:
    """The declarations are other files than those the schema is derived from."""
    blocks = {**aws_schema.resources, **aws_schema.data_sources}
    checked = 0
    for type_name, declared in declarations(AWS).items():
        for name, (optional, kind) in declared.items():
            attribute = blocks[type_name].attributes.get(name)
            if attribute is None:
                assert name in blocks[type_name].blocks, f"{type_name}.{name}"
                continue
            assert attribute.optional == optional, f"{type_name}.{name}"
            assert attribute.required != optional, f"{type_name}.{name}"
            objects = "".join(map(str.title, f"{type_name}_{name}".split("_")[1:]))
            assert typescript_type(attribute, objects) == kind, f"{type_name}.{name}"
            checked += 1
    assert checked > 200


@pytest.mark.slow
def test_known_facts_of_the_real_schema(aws_schema: ProviderSchema) -> None:
    bucket = aws_schema.resources["aws_s3_bucket"]
    assert bucket.attributes["arn"] == Attribute("string", computed=True)
    assert bucket.attributes["bucket"] == Attribute("string", optional=True, computed=True)
    assert bucket.attributes["tags"] == Attribute(["map", "string"], optional=True)
    project = aws_schema.resources["aws_codebuild_project"]
    assert project.attributes["service_role"] == Attribute("string", required=True)
    environment = project.blocks["environment"]
    assert (environment.nesting, environment.min_items, environment.max_items) == ("list", 1, 1)
    assert environment.block.blocks["environment_variable"].max_items == 0
    ingress = aws_schema.resources["aws_security_group"].attributes["ingress"]
    kind: Any = ingress.type
    assert (ingress.optional, ingress.computed, kind[0]) == (True, True, "set")
    assert kind[1][1]["cidr_blocks"] == ["list", "string"]
    assert kind[1][1]["self"] == "bool"
    function = aws_schema.resources["aws_lambda_function"]
    assert function.attributes["layers"].type == ["list", "string"]
    assert function.attributes["source_code_size"] == Attribute("number", computed=True)
    assert function.blocks["timeouts"].nesting == "single"
    assert aws_schema.resources["aws_iam_role"].blocks["inline_policy"].nesting == "set"
    assert aws_schema.provider.blocks["assume_role"].block.attributes["role_arn"].optional
    assert "alias" not in aws_schema.provider.attributes


def test_the_data_source_external() -> None:
    block = derive(EXTERNAL).data_sources["external"]
    assert block.attributes == {
        "id": Attribute("string", computed=True),
        "program": Attribute(["list", "string"], required=True),
        "query": Attribute(["map", "string"], optional=True),
        "result": Attribute(["map", "string"], computed=True),
        "working_dir": Attribute("string", optional=True),
    }


def test_a_schema_is_derived_once_and_then_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = provider_schema(EXTERNAL, tmp_path)
    (kept,) = tmp_path.iterdir()
    monkeypatch.setattr(bindings, "derive", lambda _provider: pytest.fail("derived again"))
    assert provider_schema(EXTERNAL, tmp_path) == first
    assert ProviderSchema.from_json(json.loads(kept.read_text())) == first


def test_a_broken_file_in_the_cache_is_replaced(tmp_path: Path) -> None:
    first = provider_schema(EXTERNAL, tmp_path)
    (kept,) = tmp_path.iterdir()
    kept.write_text('{"provider": {}')
    assert provider_schema(EXTERNAL, tmp_path) == first


def test_bindings_of_another_version_are_refused() -> None:
    other = Provider("external", "9.9.9", EXTERNAL.bindings, EXTERNAL.served)
    with pytest.raises(LayerError, match="of another provider version"):
        derive(other)


def test_missing_bindings_are_named() -> None:
    missing = Provider("external", "2.3.5", "no_such_bindings", EXTERNAL.served)
    with pytest.raises(LayerError, match="are not installed") as caught:
        derive(missing)
    assert "cdktf" in caught.value.fix


def declarations(provider: Provider) -> dict[str, dict[str, tuple[bool, str]]]:
    """Return optional and TypeScript type of each argument, by type and Terraform's name."""
    wanted = {f"package/lib/{folder}/index.d.ts" for folder in provider.served}
    found: dict[str, dict[str, tuple[bool, str]]] = {}
    with tarfile.open(bindings.tarball(provider)) as tar:
        for member in tar:
            content = tar.extractfile(member) if member.name in wanted else None
            text = content.read().decode() if content else ""
            type_name = re.search(r'tfResourceType = "(\w+)"', text)
            config = re.search(r"^export interface \w+Config .*?\{\n(.*?)^\}", text, re.S | re.M)
            if type_name and config and type_name[1] != "aws":
                found[type_name[1]] = dict(arguments(config[1]))
    return found


def arguments(interface: str) -> list[tuple[str, tuple[bool, str]]]:
    pattern = r"#(\w+) [^}]*\}\n.*?readonly \w+(\??): (\{.*?\}|[^;]*);"
    found = re.findall(pattern, interface, re.S)
    return [(name, (bool(optional), " ".join(kind.split()))) for name, optional, kind in found]


def typescript_type(attribute: Attribute, objects: str) -> str:
    """Return the type as declared; ``objects`` is the name of an interface for objects."""
    names = {"string": "string", "number": "number", "bool": "boolean | cdktf.IResolvable"}
    if isinstance(attribute.type, str):
        return names[attribute.type]
    kind, element = attribute.type
    if not isinstance(element, str):
        return f"{objects}[] | cdktf.IResolvable"
    return f"{names[element]}[]" if kind != "map" else f"{{ [key: string]: {names[element]}; }}"
