import pytest

from embedded.codebuild.buildspec import ArtifactFiles, BuildspecError, Phase, parse

WHOLE = """
version: 0.2
env:
  shell: bash
  variables: {A: yes, B: 010, C: "x: y"}
  parameter-store: {P: /path}
  secrets-manager: {S: "id:key"}
  exported-variables: [A]
phases:
  install:
    commands:
      - one
      - |
        two
        three
    finally: [four]
  build:
    on-failure: CONTINUE
    commands: ["echo a: b"]
artifacts:
  base-directory: out
  files: ["**/*"]
  exclude-paths: ["**/*.pyc"]
  discard-paths: no
  name: layer
  secondary-artifacts:
    logs: {files: ["*.log"], discard-paths: yes}
cache:
  paths: ["/root/.cache/**/*"]
"""


def test_a_whole_buildspec_is_read() -> None:
    spec = parse(WHOLE)

    assert spec.phases == {
        "install": Phase(("one", "two\nthree\n"), ("four",)),
        "build": Phase(("echo a: b",), on_failure="CONTINUE"),
    }
    assert spec.variables.plain == {"A": "yes", "B": "010", "C": "x: y"}
    assert spec.variables.parameter_store == {"P": "/path"}
    assert spec.variables.secrets_manager == {"S": "id:key"}
    assert spec.variables.exported == ("A",)
    assert spec.artifacts == ArtifactFiles(("**/*",), ("**/*.pyc",), "out", False, "layer")
    assert spec.secondary_artifacts == {"logs": ArtifactFiles(("*.log",), discard_paths=True)}
    assert spec.cache_paths == ("/root/.cache/**/*",)


def test_empty_sections_are_as_good_as_none() -> None:
    spec = parse("version: 0.2\nenv:\nphases:\n  build:\n    commands:\n      - x\n    finally:\n")
    assert spec.phases == {"build": Phase(("x",))}
    assert spec.artifacts is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("phases: {build: {commands: [x]}}", "version"),
        ("version: 0.1\nphases: {build: {commands: [x]}}", "0.1"),
        ("version: 0.2", "no phases"),
        ("version: 0.2\nphases: {build: {commands: [x]}}\nbatch: {}", "batch"),
        ("version: 0.2\nphases: {build: {commands: [x]}}\nrun-as: root", "run-as"),
        ("version: 0.2\nphases: {build: {commands: x}}", "not a list"),
        ("version: 0.2\nphases: {build: {commands: [echo a: b]}}", "quote a text"),
        ("version: 0.2\nphases: {build: {commands: [x], on-failure: RETRY}}", "RETRY"),
        ("version: 0.2\nphases: {compile: {commands: [x]}}", "compile"),
        ("version: 0.2\nphases: {install: {runtime-versions: {python: 3}}}", "runtime-versions"),
        ("version: 0.2\nphases: {build: {commands: [x]}}\nenv: {shell: zsh}", "zsh"),
        ("version: 0.2\nphases: {build: {commands: [x]}}\nartifacts: {s3-prefix: x}", "s3-prefix"),
        ("version: 0.2\nphases: {build: {commands: [x]}}\ncache: {key: x}", "key"),
        ("version: 0.2\nphases: [", "not YAML"),
        ("- version", "not a mapping"),
    ],
)
def test_what_cannot_be_run_is_refused_by_name(text: str, message: str) -> None:
    with pytest.raises(BuildspecError) as caught:
        parse(text)
    assert message in str(caught.value)
