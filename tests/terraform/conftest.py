"""A stack of layers in an application of its own, and the real terraform that works on it.

Sources and JSON are synthesized once for each set of layers; a test gets a copy of its own, where
the application has a name of its own. What AWS was asked meanwhile is part of every answer.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from builder.sizes.cache import VARIABLE as CACHE
from builder.sizes.in_time import VARIABLE as SECONDS
from builder.spec.app_spec import AppSpec
from builder.spec.layer_spec import LayerSpec
from builder.spec.service_spec import ServiceSpec
from embedded.aws import EmbeddedAws
from embedded.program import TerraformError, find
from embedded.standins.reattach import reattached
from embedded.terraform import Terraform, choose
from tests.patience import PATIENCE
from tests.region import by_aws_region_alone
from tests.terraform.builds import quick_builds
from tests.terraform.outcome import Outcome as Outcome
from tests.terraform.outcome import Planned as Planned
from tests.terraform.packages import layer, literal, write, write_package
from tests.terraform.warm import Warm, warm_programs

INSTALLED = Path(sys.executable).with_name("lambda-layer")
"""The command as it was installed, for who runs it in surroundings of his own."""

TEMPLATE = "contract"
"""The application's name in what is synthesized; each stack puts its own in its place."""


@dataclass
class Stack:
    """Layers of an application of its own: ``project`` has their sources, ``folder`` the JSON.

    ``name`` is the application's. ``environment`` is what terraform (and, unless the stand-ins stay
    up between commands, everything it starts) runs with.
    """

    aws: EmbeddedAws
    name: str
    project: Path
    folder: Path
    environment: dict[str, str]
    home: Path
    schemas: Path
    variables: dict[str, str] = field(default_factory=dict)

    @cached_property
    def terraform(self) -> Terraform:
        """Terraform in the stack's folder."""
        return Terraform(self.folder, self.environment, self.home, schemas=self.schemas)

    @property
    def configuration(self) -> Path:
        """The synthesized JSON."""
        return self.folder / "cdk.tf.json"

    @contextmanager
    def restored(self, *sources: Path) -> Iterator[None]:
        """Undo at the end what a test does to folders of sources and to what terraform reads."""
        with tempfile.TemporaryDirectory(prefix="kept-") as name:
            for number, folder in enumerate(sources):
                shutil.copytree(folder, Path(name, str(number)))
            read = {path: path.read_bytes() for path in self.read_files()}
            yield
            for number, folder in enumerate(sources):
                shutil.rmtree(folder, ignore_errors=True)
                shutil.copytree(Path(name, str(number)), folder)
            for path in self.read_files() - read.keys():
                path.unlink()
            for path, content in read.items():
                path.write_bytes(content)

    def read_files(self) -> set[Path]:
        """Return the files that terraform reads and that tests change."""
        return {self.configuration}

    @property
    def bucket(self) -> str:
        """The name of the bucket."""
        return f"{self.name}-layers-{self.aws.identity.account}-{self.aws.identity.region}"

    @contextmanager
    def edited(self) -> Iterator[dict[str, Any]]:
        """Change the synthesized JSON: what is yielded is written back at the end."""
        document = json.loads(self.configuration.read_text())
        yield document
        self.configuration.write_text(json.dumps(document, indent=1))

    def respec(self, layer: str = "web", **changes: Any) -> None:
        """Change fields of a layer's spec, as another synthesis would."""
        with self.edited() as document:
            for hook, key in ((f"{layer}_release", "spec"), ("build_plan", f"{layer}.spec")):
                query = document["data"]["external"][hook]["query"]
                query[key] = json.dumps({**json.loads(query[key]), **changes})

    def use_program(self, *program: str) -> None:
        """Let the hooks and the end of each layer be run by another program."""
        with self.edited() as document:
            document["data"]["external"]["build_plan"]["program"] = [*program, "hook", "plan"]
            words = json.dumps([*program, "hook", "release"])
            document["locals"]["build_release-hook"] = f"${{tolist({words})}}"
            retire = document["resource"]["terraform_data"]["build_retire"]
            retire["provisioner"][0]["local-exec"]["interpreter"] = list(program)

    def use_buildspec(self, text: str) -> None:
        """Let builds run another buildspec."""
        with self.edited() as document:
            project = document["resource"]["aws_codebuild_project"]["build_project"]
            project["source"]["buildspec"] = text

    def stay(self) -> None:
        """Let hooks and files be found from the stack's folder, wherever the stand-ins run."""
        with self.edited() as document:
            for hook in document["data"]["external"].values():
                hook["working_dir"] = literal(str(self.folder))
            for function in document["resource"].get("aws_lambda_function", {}).values():
                folder = literal(str(self.folder))
                function["filename"] = function["filename"].replace("${path.module}", folder)

    def address(self, address: str) -> str:
        """Return an address of a plan as a stack has it."""
        return address

    def run(self, *arguments: str, check: bool = True) -> Outcome:
        """Run terraform; raise TerraformError when it fails, unless ``check`` is false."""
        before = len(self.aws.calls())
        done = self.terraform.run(*arguments, *self._variables(arguments[0]), check=check)
        calls = self.aws.calls()[before:]
        return Outcome(done.exit_code, done.stdout, done.stderr, calls)

    def plan(self, *arguments: str, check: bool = True, file: str = "plan") -> Planned:
        """Plan into a file; exit code 0 says that nothing changes, 2 that something does."""
        done = self.run("plan", "-detailed-exitcode", f"-out={file}", *arguments, check=check)
        said = done.exit_code, done.stdout, done.stderr, done.calls
        return Planned(*said, self.terraform, file, self.address)

    def apply(self, *arguments: str, check: bool = True) -> Outcome:
        """Apply what is there now."""
        return self.run("apply", "-auto-approve", *arguments, check=check)

    def destroy(self, *arguments: str, check: bool = True) -> Outcome:
        """Destroy everything."""
        return self.run("destroy", "-auto-approve", *arguments, check=check)

    def fails(self, *arguments: str) -> Outcome:
        """Run a command that must end with an error."""
        done = self.run(*arguments, check=False)
        if done.exit_code != 1:
            raise AssertionError(f"terraform {arguments[0]} did not fail: {done.said}")
        return done

    def output(self, layer: str = "web") -> dict[str, Any]:
        """Return a layer's output in the state."""
        return dict(self.terraform.outputs()[layer])

    def versions(self, layer: str = "web") -> list[int]:
        """Return the versions of a layer that Lambda has."""
        pages = self.aws.client("lambda").list_layer_versions(LayerName=f"{self.name}-{layer}")
        return sorted(version["Version"] for version in pages["LayerVersions"])

    def record(self, layer: str = "web") -> dict[str, Any]:
        """Return the layer's record."""
        return dict(json.loads(self.read(f"{layer}/record.json")))

    def read(self, key: str) -> str:
        """Return an object of the bucket."""
        body = self.aws.client("s3").get_object(Bucket=self.bucket, Key=key)["Body"]
        return body.read().decode()

    def delete(self, key: str) -> None:
        """Delete an object of the bucket, as somebody by hand."""
        self.aws.client("s3").delete_object(Bucket=self.bucket, Key=key)

    def keys(self, prefix: str = "") -> list[str]:
        """Return the keys in the bucket."""
        found = self.aws.client("s3").list_objects_v2(Bucket=self.bucket, Prefix=prefix)
        return [entry["Key"] for entry in found.get("Contents", [])]

    def edit(self, layer: str = "web", text: str | None = None) -> str:
        """Change a layer's module, by default to what it never was; return its path."""
        path = f"{layer}/{layer.replace('-', '_')}/__init__.py"
        write(self.project / path, text or f"ANSWER = {uuid.uuid4().int}\n")
        return path

    def _variables(self, command: str) -> list[str]:
        takes = command in {"plan", "apply", "destroy", "refresh", "import", "console"}
        return [f"-var={k}={v}" for k, v in self.variables.items()] if takes else []


Make = Callable[..., Stack]
"""``make(*specs, reattach=True, environment={})``: makes a stack and initializes it."""


def pytest_report_header() -> str:
    """Say which terraform and which providers run."""
    try:
        program = find()
        return f"{program}; terraform providers: {choose(registry=program.registry)}"
    except TerraformError as error:
        return f"terraform: {error.what}"


@pytest.fixture(scope="session")
def machine(aws: EmbeddedAws, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment in which commands reach the embedded AWS alone and find the builder."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    return {
        **by_aws_region_alone(aws.process_environment()),
        "PATH": path,
        # Not this user's; and no result of a plan depends on how busy the machine is.
        CACHE: str(tmp_path_factory.mktemp("cache")),
        SECONDS: f"{PATIENCE:.0f}",
        "TF_VAR_s3_use_path_style": "true",
        "TF_VAR_skip_aws_checks": "true",
    }


@pytest.fixture(scope="session")
def warm(machine: dict[str, str]) -> Iterator[Warm]:
    """Programs that are forked from one that stays up."""
    with warm_programs(machine) as programs:
        yield programs


@pytest.fixture(scope="session")
def prepared(machine: dict[str, str], warm: Warm) -> dict[str, str]:
    """A machine on which the stand-ins start at once, and `lambda-layer` is the installed one."""
    return {**machine, **warm.standins}


@pytest.fixture(scope="session")
def served(machine: dict[str, str], warm: Warm, schemas: Path) -> Iterator[dict[str, str]]:
    """What tells terraform of stand-ins that stay up; nothing when the real providers run."""
    if choose() == "registry":
        yield {}
        return
    with reattached(schemas, env={**machine, **warm.command}) as where:
        yield {**where, **warm.command}


@pytest.fixture(scope="session")
def synthesized(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Return the JSON of a set of layers, synthesized once."""
    from modules.layer.stack import LayersStack
    from stacks.example import ExampleStack

    done: dict[str, Path] = {}

    def give(
        *specs: LayerSpec,
        settings: Mapping[str, Any] | None = None,
        proof: bool = False,
        services: Sequence[ServiceSpec] = (),
    ) -> Path:
        from cdktf import App

        app_spec = AppSpec(TEMPLATE, **(settings or {}))
        others = [repr(service) for service in services]
        key = json.dumps([repr(app_spec), proof, others, *(spec.to_json() for spec in specs)])
        if key not in done:
            out = tmp_path_factory.mktemp("synthesized")
            app = App(outdir=str(out), stack_traces=False)
            stack = ExampleStack if proof else LayersStack
            stack(app, TEMPLATE, app=app_spec, layers=specs, services=services)
            app.synth()
            done[key] = out / "stacks" / TEMPLATE / "cdk.tf.json"
        return done[key]

    return give


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run the tests of a file with ``FORMS`` for each of them, "stack" and "module".

    One that names its own form is run for that.
    """
    forms = getattr(metafunc.module, "FORMS", ())
    own = any("form" in mark.args for mark in metafunc.definition.iter_markers("parametrize"))
    if forms and "form" in metafunc.fixturenames and not own:
        metafunc.parametrize("form", forms, indirect=True, scope="module")


@pytest.fixture(scope="module")
def form(request: pytest.FixtureRequest) -> str:
    """What `make` makes: a stack, or a root that calls the module of `terraform/`."""
    return str(getattr(request, "param", "stack"))


@pytest.fixture(scope="module")
def make(
    aws: EmbeddedAws,
    machine: dict[str, str],
    schemas: Path,
    served: dict[str, str],
    warm: Warm,
    synthesized: Callable[..., Path],
    tmp_path_factory: pytest.TempPathFactory,
    form: str,
) -> Make:
    """Make stacks; each has a project and an application of its own.

    ``reattach=False`` lets terraform start the providers itself, in the stack's folder and with its
    environment.
    ``app`` are settings of the AppSpec; with ``proof`` there is a function that has the layers.
    ``services`` are the application's hybrid services (of a stack, not of the module).
    """

    from tests.terraform.module_root import module_root

    def make(
        *specs: LayerSpec,
        reattach: bool = True,
        environment: Mapping[str, str] | None = None,
        app: Mapping[str, Any] | None = None,
        proof: bool = False,
        services: Sequence[ServiceSpec] = (),
    ) -> Stack:
        specs = specs or (layer(),)
        name = f"t{uuid.uuid4().hex[:10]}"
        project = tmp_path_factory.mktemp("project") / "my project"
        for spec in specs:
            if spec.package is not None:
                write_package(project, spec.package)
        whole = {
            **(machine if environment is None else environment),
            **warm.command,
            **warm.standins,
        }
        if reattach:
            whole |= served
        stack = Stack(aws, name, project, project, whole, project / ".terraform-home", schemas)
        if form == "module":
            stack = module_root(stack, specs, **(app or {}))
        else:
            stack.folder = project / "cdktf.out" / "stacks" / name
            source = synthesized(*specs, settings=app, proof=proof, services=services)
            write(stack.configuration, source.read_text().replace(TEMPLATE, name))
            if (source.parent / "assets").is_dir():
                shutil.copytree(source.parent / "assets", stack.folder / "assets")
        if reattach:
            stack.stay()
        stack.run("init")
        return stack

    return make


@pytest.fixture(scope="module")
def shared(make: Make) -> Stack:
    """A stack with one layer, applied; whoever changes it leaves it as it was."""
    stack = make()
    quick_builds(stack)
    stack.apply()
    return stack


def copy_of(stack: Stack, folder: Path) -> Stack:
    """Return another checkout of a stack, with other time stamps, that works on the same state."""
    shutil.copytree(stack.project, folder, copy_function=shutil.copyfile)
    moved = folder / stack.folder.relative_to(stack.project)
    other = replace(stack, project=folder, folder=moved, variables={})
    if "TF_REATTACH_PROVIDERS" in stack.environment:
        other.stay()
    return other
