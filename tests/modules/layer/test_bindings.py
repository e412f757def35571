from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from modules.layer.bindings import import_lazily

PROJECT = Path(__file__).parents[3]


def run(program: str, **environment: str) -> str:
    """Run a program of its own, for sys.modules and Node are shared by all tests."""
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        cwd=PROJECT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout + result.stderr


USE_BOTH = """
theirs = external.data_external.DataExternal
assert theirs is bindings.DataExternal
stack = cdktf.TerraformStack(cdktf.Testing.app(), "stack")
bindings.ExternalProvider(stack, "external")
theirs(stack, "data", program=["x"])
print(cdktf.Testing.synth(stack))
"""


@pytest.mark.slow
def test_only_what_is_used_is_imported() -> None:
    out = run(
        "import sys; from modules.layer import bindings\n"
        "loaded = [name for name in sys.modules if name.startswith('cdktf_cdktf_provider_aws.')]\n"
        "print(len(loaded))"
    )
    assert int(out) < 70


@pytest.mark.slow
def test_code_that_imports_the_package_before_shares_its_classes() -> None:
    program = "import cdktf, cdktf_cdktf_provider_external as external\n"
    assert '"program"' in run(f"{program}from modules.layer import bindings\n{USE_BOTH}")


@pytest.mark.slow
def test_code_that_imports_the_package_afterwards_shares_its_classes() -> None:
    program = "from modules.layer import bindings\nimport cdktf\n"
    out = run(f"{program}import cdktf_cdktf_provider_external as external\n{USE_BOTH}")
    assert '"program"' in out


@pytest.mark.slow
def test_other_modules_of_the_package_can_be_imported_in_every_way() -> None:
    out = run(
        "from modules.layer import bindings\n"
        "import cdktf, cdktf_cdktf_provider_aws as aws\n"
        "import cdktf_cdktf_provider_aws.sns_topic\n"
        "from cdktf_cdktf_provider_aws import dynamodb_table\n"
        "from cdktf_cdktf_provider_aws.ecr_repository import EcrRepository\n"
        "assert aws.s3_object.S3Object is bindings.S3Object\n"
        "assert 'sqs_queue' in dir(aws) and not hasattr(aws, 'no_such_module')\n"
        "stack = cdktf.TerraformStack(cdktf.Testing.app(), 'stack')\n"
        "bindings.AwsProvider(stack, 'aws')\n"
        "aws.sqs_queue.SqsQueue(stack, 'queue', name='q')\n"
        "aws.sns_topic.SnsTopic(stack, 'topic', name='t')\n"
        "dynamodb_table.DynamodbTable(stack, 'table', name='d')\n"
        "EcrRepository(stack, 'repository', name='e')\n"
        "print(cdktf.Testing.synth(stack))"
    )
    for type_ in ("aws_sqs_queue", "aws_sns_topic", "aws_dynamodb_table", "aws_ecr_repository"):
        assert type_ in out


@pytest.mark.slow
def test_an_old_node_is_not_complained_about_and_the_environment_stays_as_it_was() -> None:
    out = run(
        "import os; from modules.layer import bindings\n"
        "print(os.environ['NODE_OPTIONS'], 'JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION' in "
        "os.environ)",
        NODE_OPTIONS="--no-deprecation",
    )
    assert out.strip() == "--no-deprecation False"


@pytest.mark.slow
def test_a_project_in_a_folder_with_spaces_and_quotes_works(tmp_path: Path) -> None:
    folder = tmp_path / 'a "b" c'
    folder.mkdir()
    (folder / "modules").symlink_to(PROJECT / "modules")
    source = PROJECT / "modules" / "layer"
    copy = folder / "copied"
    copy.mkdir()
    for name in ("bindings.py", "lazy_exports.cjs"):
        (copy / name).write_bytes((source / name).read_bytes())
    run(f"import sys; sys.path.insert(0, {str(copy)!r}); import bindings; bindings.S3Object")


def test_a_missing_package_is_named_with_what_installs_it() -> None:
    with pytest.raises(ModuleNotFoundError, match=r"fast-lambda-layer\[cdktf\]"):
        import_lazily("no_such_bindings")


def test_a_missing_node_is_named() -> None:
    with pytest.raises(AssertionError, match=r"needs Node\.js 18 or newer"):
        run("import modules.layer", JSII_NODE="no-such-node")
