"""The keys of ``[app.backend]``: every argument of Terraform's S3 backend that is not deprecated.

Source: Terraform documentation, "Backend Type: s3", 1.11 to 1.15.
"""

from __future__ import annotations

from builder.spec.field import Field, Place
from builder.spec.kinds import BOOLEAN, COUNT, STRING, STRINGS, TABLE

BACKEND = (Place.BACKEND,)

_ROLE = '"arn:aws:iam::123456789012:role/state"'

BACKEND_FIELDS = (
    Field("bucket", BACKEND, STRING, '"state"', "the bucket of the state file", required=True),
    Field("key", BACKEND, STRING, '"billing"', "the state file's key", required=True),
    Field("region", BACKEND, STRING, '"eu-west-1"', "the bucket's region", required=True),
    *(
        Field(name, BACKEND, kind, example, text)
        for name, kind, example, text in (
            ("profile", STRING, '"admin"', "a profile of the AWS configuration"),
            ("use_lockfile", BOOLEAN, "true", "lock by an object in the bucket (Terraform 1.10)"),
            ("dynamodb_table", STRING, '"locks"', "the table that holds locks"),
            ("encrypt", BOOLEAN, "false", "whether the state is encrypted; true without it"),
            ("kms_key_id", STRING, '"alias/state"', "the key that encrypts it"),
            ("sse_customer_key", STRING, '"AES_256_KEY"', "a key of one's own; better in "
             "AWS_SSE_CUSTOMER_KEY"),
            ("acl", STRING, '"bucket-owner-full-control"', "a canned ACL for the state file"),
            ("workspace_key_prefix", STRING, '"env:"', "where workspaces' states are"),
            ("allowed_account_ids", STRINGS, '["123456789012"]', "accounts to work in"),
            ("forbidden_account_ids", STRINGS, '["123456789012"]', "accounts not to work in"),
            ("assume_role", TABLE, f"{{ role_arn = {_ROLE} }}", "a role to assume for the state, "
             "with `external_id`, `session_name`, `duration`, `policy`, `tags` and so on"),
            ("assume_role_with_web_identity", TABLE,
             f'{{ role_arn = {_ROLE}, web_identity_token_file = "/token" }}',
             "the same with a token"),
            ("shared_config_files", STRINGS, '["~/.aws/config"]', "files with profiles"),
            ("shared_credentials_files", STRINGS, '["~/.aws/credentials"]', "files with keys"),
            ("access_key", STRING, '"AKIAIOSFODNN7EXAMPLE"', "better in the environment"),
            ("secret_key", STRING, '"SECRET"', "better in the environment"),
            ("token", STRING, '"SESSION"', "better in the environment"),
            ("endpoints", TABLE, '{ s3 = "https://s3.example.com" }',
             "addresses of `s3`, `dynamodb`, `iam`, `sso` and `sts`"),
            ("use_path_style", BOOLEAN, "true", "`https://HOST/BUCKET` for S3"),
            ("use_fips_endpoint", BOOLEAN, "true", "FIPS addresses"),
            ("use_dualstack_endpoint", BOOLEAN, "true", "addresses for IPv4 and IPv6"),
            ("sts_region", STRING, '"eu-west-1"', "the region of STS"),
            ("ec2_metadata_service_endpoint", STRING, '"http://[fd00:ec2::254]"',
             "the address of EC2's metadata"),
            ("ec2_metadata_service_endpoint_mode", STRING, '"IPv6"', "`IPv4` or `IPv6`"),
            ("http_proxy", STRING, '"http://proxy.example.com:3128"', "a proxy"),
            ("https_proxy", STRING, '"http://proxy.example.com:3128"', "a proxy"),
            ("no_proxy", STRING, '".example.com"', "hosts that need none, with commas"),
            ("custom_ca_bundle", STRING, '"/etc/ca.pem"', "certificates to trust"),
            ("insecure", BOOLEAN, "true", "whether certificates are not checked"),
            ("max_retries", COUNT, "5", "how often a call is tried again"),
            ("retry_mode", STRING, '"adaptive"', "`standard` or `adaptive`"),
            ("skip_credentials_validation", BOOLEAN, "true", "do not ask STS"),
            ("skip_metadata_api_check", BOOLEAN, "true", "do not ask EC2's metadata"),
            ("skip_region_validation", BOOLEAN, "true", "take any region"),
            ("skip_requesting_account_id", BOOLEAN, "true", "do not ask for the account"),
            ("skip_s3_checksum", BOOLEAN, "true", "for stores without checksums"),
        )
    ),
)  # fmt: skip
