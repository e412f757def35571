"""Files that hold secrets by their names."""

import pytest

from builder.inputs.secrets import PRIVATE_KEY, is_secret


@pytest.mark.parametrize(
    "path",
    [
        ".env",
        "app/.env.production",
        ".envrc",
        ".netrc",
        "_netrc",
        ".pypirc",
        ".git-credentials",
        ".npmrc",
        "id_rsa",
        "deploy/id_ed25519",
        "credentials.json",
        "app/Credentials.JSON",
        "client_secret_123.apps.json",
        "service-account.json",
        "secrets.yaml",
        ".aws/credentials",
        "home/.aws/config",
        ".ssh/known",
        "key.p12",
        ".docker/config.json",
    ],
)
def test_names_of_files_with_secrets(path: str) -> None:
    assert is_secret(path)


@pytest.mark.parametrize(
    "names",
    [
        ".yarnrc.yml .pgpass .htpasswd .my.cnf .dockercfg .boto .s3cfg",
        "id_dsa id_ecdsa id_rsa_sk id_ecdsa_sk id_ed25519_sk",
        "a.ppk a.p12 a.pfx a.jks a.keystore a.kdbx",
        "credentials credentials.yml credentials.yaml credentials.toml credentials.ini",
        "credentials.csv client_secret.json client_secrets.json service_account.json secret.json",
        "secrets.json secret.yml secrets.yaml secrets.toml secret.ini secrets.env",
        ".gnupg/trustdb.gpg .ssh/config .aws/sso/cache/x.json",
    ],
)
def test_every_other_name_that_programs_keep_secrets_under(names: str) -> None:
    assert [name for name in names.split() if not is_secret(f"app/{name}")] == []


@pytest.mark.parametrize(
    "path",
    [
        ".env.example",
        "app/.env.template",
        "environment.py",
        "credentials.py",
        "secrets.py",
        "app/secrets/__init__.py",
        "id_rsa.pub",
        "config.json",
        "cacert.pem",
        "docker/config.json",
        "my.env.py",
    ],
)
def test_names_of_others(path: str) -> None:
    assert not is_secret(path)


@pytest.mark.parametrize("kind", ["", "RSA ", "EC ", "OPENSSH ", "ENCRYPTED ", "PGP "])
def test_private_keys_are_known_by_their_first_line(kind: str) -> None:
    block = " BLOCK" if kind == "PGP " else ""

    assert PRIVATE_KEY.match(f"-----BEGIN {kind}PRIVATE KEY{block}-----\nAA".encode())
    assert not PRIVATE_KEY.match(f"-----BEGIN {kind}PUBLIC KEY-----\nAA".encode())
    assert not PRIVATE_KEY.match(f'KEY = """-----BEGIN {kind}PRIVATE KEY-----'.encode())
