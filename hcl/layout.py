"""In which file of the module a resource stands, in which order, and why it is there."""

from __future__ import annotations

MAIN = {
    "aws_caller_identity.build_account": "",
    "aws_partition.build_partition": "",
    "aws_region.build_region": "",
    "terraform_data.build_remembered": """\
Every name is made of account, region and partition. A module's depends_on puts off the data
sources above, and a plan that does not know names would replace everything: so what they once
said is kept here.""",
    "aws_cloudwatch_log_group.build_logs": "",
    "aws_s3_bucket.build_bucket": "Inputs, artifacts, approvals and records of all layers.",
    "aws_s3_bucket_public_access_block.build_private": "",
    "aws_s3_bucket_ownership_controls.build_ownership": "",
    "aws_s3_bucket_server_side_encryption_configuration.build_encryption": """\
What S3 does by itself. Providers before 6.40.0 plan to take away what is not named.""",
    "aws_s3_bucket_versioning.build_versioning": "",
    "aws_s3_bucket_policy.build_policy": "",
    "aws_s3_bucket_lifecycle_configuration.build_lifecycle": """\
What only builds read expires. Approvals, records and artifacts stay until they are replaced.""",
    "aws_s3_bucket_logging.build_access": "",
    "aws_codebuild_project.build_project": """\
One project for all layers: image, machine and role are chosen for each build.""",
    "aws_iam_role.build_role": """\
A project cannot be without a role. Builds run under their layer's own, so this one can do
nothing but write logs.""",
    "aws_iam_role_policy.build_permissions": "",
    "terraform_data.build_roles": """\
What each role has to be, where an administrator makes them: lambda-layer roles --plan reads it.""",
}

PUBLISHER = {
    "terraform_data.build_publisher_code": """\
The function's code is what the installed builder makes: the plan hook names it, and this stores it
in the bucket. So it is the same on every machine, and this folder holds no zip.""",
    "aws_lambda_function.build_publisher_function": """\
Finishes releases when their builds have ended, in async mode (docs/async.md).""",
    "aws_iam_role_policy.build_publisher_permissions": """\
It may touch what the layers name, and no more.""",
}

LAYERS = {
    "external.build_plan": """\
Looks at all layers at every plan, and writes nothing.""",
    "aws_iam_role.layer_role": """\
One role a layer: no build can write what another layer publishes.""",
    "aws_iam_role_policy.layer_permissions": "",
    "terraform_data.build_retire": """\
Versions are published by builds, not by Terraform, so this removes them. A layer that moves to
another name, bucket, account or region is retired where it was.""",
    "aws_ecr_repository.layer_repository": """\
What layers that are images are instead of a layer in Lambda (docs/hybrid.md).""",
    "aws_ecr_lifecycle_policy.layer_image-lifecycle": """\
No rule for tagged images: something may be started from any of them.""",
    "aws_iam_role.layer_push-role": """\
The one role that may push into a layer's repository. No code of strangers runs under it.""",
    "aws_iam_role_policy.layer_push-permissions": "",
    "aws_codebuild_project.layer_push": """\
Pushes what was built and verified, with our own program.""",
    "aws_s3_object.layer_approval": """\
The token of the build that is due. A plan with such a change asks for a build; apply writes it,
which approves the build.""",
    "external.layer_release": """\
Builds what was approved. Its query has the approval's version, which is unknown in a plan that
changes the approval: so Terraform reads it during apply, and only then. It is no depends_on,
which would put off all layers for one. Where nothing is due, the program is echo.""",
}
