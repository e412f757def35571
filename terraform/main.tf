# Written from the constructs in modules/layer: make module

locals {
  build_credentials = {
    assume_role                   = var.assume_role
    assume_role_with_web_identity = var.assume_role_with_web_identity
  }
  build_no-release = startswith(abspath(path.module), "/") ? tolist(["echo", "{}"]) : tolist(["cmd", "/c", "echo", "{}"])
  build_place = {
    account   = coalesce(var.account, terraform_data.build_remembered.input.account)
    partition = coalesce(var.partition, terraform_data.build_remembered.input.partition)
    region    = coalesce(var.region, terraform_data.build_remembered.input.region)
  }
  build_release-hook = concat(var.command, ["hook", "release"])
  build_retirements = {
    for name in keys(local.layers) : name => {
      account    = local.build_place.account
      assume     = jsonencode(local.build_credentials)
      bucket     = "${var.app}-layers-${local.build_place.account}-${local.build_place.region}"
      layer      = name
      layer_name = local.layer_name[name]
      on_destroy = local.layers[name].image ? "the images that no function has are deleted, and their repository if none is left. To keep them, take it out of the state before (docs/hybrid.md)" : var.retain_versions ? var.force_destroy ? "the published versions stay" : "the published versions stay, and so does the bucket with their records: force_destroy is false, so terraform destroy removes everything else and ends with BucketNotEmpty" : "the published versions that no function has are deleted. To keep them, first run: terraform apply -var retain_versions=true (or destroy with TF_VAR_retain_versions=true in the environment; terraform destroy -var does not reach what was applied)"
      profile    = var.profile
      project    = "${var.app}-layers"
      region     = local.build_place.region
      retain     = var.retain_versions
      role_arn   = var.assume_role_arn
      program    = var.command
    }
  }
  build_options = concat(
    [for key in compact([var.kms_key]) : {
      Effect   = "Allow"
      Action   = ["kms:Decrypt", "kms:GenerateDataKey"]
      Resource = [key]
    }],
    flatten([for vpc in var.vpc[*] : [
      {
        Effect   = "Allow"
        Action   = ["ec2:CreateNetworkInterface"]
        Resource = concat([for subnet in vpc.subnets : "arn:${local.build_place.partition}:ec2:${local.build_place.region}:${local.build_place.account}:subnet/${subnet}"], [for security_group in vpc.security_groups : "arn:${local.build_place.partition}:ec2:${local.build_place.region}:${local.build_place.account}:security-group/${security_group}"], ["arn:${local.build_place.partition}:ec2:${local.build_place.region}:${local.build_place.account}:network-interface/*"])
      },
      {
        Effect   = "Allow"
        Action   = ["ec2:CreateNetworkInterfacePermission"]
        Resource = ["arn:${local.build_place.partition}:ec2:${local.build_place.region}:${local.build_place.account}:network-interface/*"]
        Condition = {
          StringEquals = {
            "ec2:AuthorizedService" = "codebuild.amazonaws.com"
          }
          ArnEquals = {
            "ec2:Subnet" = [for subnet in vpc.subnets : "arn:${local.build_place.partition}:ec2:${local.build_place.region}:${local.build_place.account}:subnet/${subnet}"]
          }
        }
      },
      {
        Effect   = "Allow"
        Action   = ["ec2:DeleteNetworkInterface"]
        Resource = ["arn:${local.build_place.partition}:ec2:${local.build_place.region}:${local.build_place.account}:network-interface/*"]
        Condition = {
          ArnEquals = {
            "ec2:Subnet" = [for subnet in vpc.subnets : "arn:${local.build_place.partition}:ec2:${local.build_place.region}:${local.build_place.account}:subnet/${subnet}"]
          }
        }
      },
      {
        Effect = "Allow"
        Action = [
          "ec2:DescribeDhcpOptions",
          "ec2:DescribeNetworkInterfaces",
          "ec2:DescribeSecurityGroups",
          "ec2:DescribeSubnets",
          "ec2:DescribeVpcs",
        ]
        Resource = ["*"]
      },
    ]]),
  )
  build_role_wanted = {
    description          = "CodeBuild project ${var.app}-layers; each layer has its own role"
    name                 = "${var.app}-layers${local.role_mark}-${local.build_place.region}"
    path                 = var.role_path
    permissions_boundary = var.permissions_boundary
    policy = {
      Version = "2012-10-17"
      Statement = concat(
        [
          {
            Effect = "Allow"
            Action = ["logs:CreateLogStream", "logs:PutLogEvents"]
            Resource = [
              "arn:${local.build_place.partition}:logs:${local.build_place.region}:${local.build_place.account}:log-group:/aws/codebuild/${var.app}-layers",
              "arn:${local.build_place.partition}:logs:${local.build_place.region}:${local.build_place.account}:log-group:/aws/codebuild/${var.app}-layers:*",
            ]
          },
        ],
        local.build_options,
      )
    }
    policy_name = "logs"
    trust = {
      Version = "2012-10-17"
      Statement = [
        {
          Effect = "Allow"
          Action = "sts:AssumeRole"
          Principal = {
            Service = "codebuild.amazonaws.com"
          }
          Condition = {
            StringEquals = {
              "aws:SourceArn"     = "arn:${local.build_place.partition}:codebuild:${local.build_place.region}:${local.build_place.account}:project/${var.app}-layers"
              "aws:SourceAccount" = local.build_place.account
            }
          }
        },
      ]
    }
  }
}

data "aws_caller_identity" "build_account" {
  lifecycle {
    postcondition {
      condition     = var.account == null || self.account_id == var.account
      error_message = "The aws provider works in account ${self.account_id}, and the layers are to be in ${coalesce(var.account, self.account_id)} (variable account). Let both be one: pass the module the provider of that place (providers = ...), or correct the variable."
    }
  }
}

data "aws_partition" "build_partition" {
  lifecycle {
    postcondition {
      condition     = var.partition == null || self.partition == var.partition
      error_message = "The aws provider works in partition ${self.partition}, and the layers are to be in ${coalesce(var.partition, self.partition)} (variable partition). Let both be one: pass the module the provider of that place (providers = ...), or correct the variable."
    }
  }
}

data "aws_region" "build_region" {
  lifecycle {
    postcondition {
      condition     = var.region == null || self.region == var.region
      error_message = "The aws provider works in region ${self.region}, and the layers are to be in ${coalesce(var.region, self.region)} (variable region). Let both be one: pass the module the provider of that place (providers = ...), or correct the variable."
    }
  }
}

# Every name is made of account, region and partition. A module's depends_on puts off the data
# sources above, and a plan that does not know names would replace everything: so what they once
# said is kept here.
resource "terraform_data" "build_remembered" {
  input = {
    account   = data.aws_caller_identity.build_account.account_id
    partition = data.aws_partition.build_partition.partition
    region    = data.aws_region.build_region.region
  }

  lifecycle {
    ignore_changes       = [input]
    replace_triggered_by = [aws_cloudwatch_log_group.build_logs.arn]

    postcondition {
      condition     = (self.input.account == data.aws_caller_identity.build_account.account_id)
      error_message = "The layers of this state are in account ${self.input.account}, and the aws provider works in ${data.aws_caller_identity.build_account.account_id} now. Use the credentials and the region of before; or destroy them with these first; or have another state for the other place (a workspace, another backend)."
    }

    postcondition {
      condition     = (self.input.partition == data.aws_partition.build_partition.partition)
      error_message = "The layers of this state are in partition ${self.input.partition}, and the aws provider works in ${data.aws_partition.build_partition.partition} now. Use the credentials and the region of before; or destroy them with these first; or have another state for the other place (a workspace, another backend)."
    }

    postcondition {
      condition     = (self.input.region == data.aws_region.build_region.region)
      error_message = "The layers of this state are in region ${self.input.region}, and the aws provider works in ${data.aws_region.build_region.region} now. Use the credentials and the region of before; or destroy them with these first; or have another state for the other place (a workspace, another backend)."
    }
  }
}

resource "aws_cloudwatch_log_group" "build_logs" {
  # checkov:skip=CKV_AWS_338:30 days are enough to correct a build, and what is published has its own documents
  kms_key_id        = var.kms_key == "" ? null : var.kms_key
  name              = "/aws/codebuild/${var.app}-layers"
  retention_in_days = var.log_retention_days
}

# Inputs, artifacts, approvals and records of all layers.
resource "aws_s3_bucket" "build_bucket" {
  # checkov:skip=CKV_AWS_144:all objects can be built again from sources and locks, and Lambda keeps its own copy of what is published
  # checkov:skip=CKV2_AWS_62:nothing waits for objects: the ends of builds are events of CodeBuild
  bucket        = "${var.app}-layers-${local.build_place.account}-${local.build_place.region}"
  force_destroy = var.force_destroy
}

resource "aws_s3_bucket_public_access_block" "build_private" {
  block_public_acls       = true
  block_public_policy     = true
  bucket                  = aws_s3_bucket.build_bucket.bucket
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "build_ownership" {
  bucket = aws_s3_bucket.build_bucket.bucket

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

# What S3 does by itself. Providers before 6.40.0 plan to take away what is not named.
resource "aws_s3_bucket_server_side_encryption_configuration" "build_encryption" {
  bucket = aws_s3_bucket.build_bucket.bucket

  rule {
    blocked_encryption_types = ["SSE-C"]
    bucket_key_enabled       = var.kms_key != ""

    apply_server_side_encryption_by_default {
      sse_algorithm     = length(var.kms_key) == 0 ? "AES256" : "aws:kms"
      kms_master_key_id = var.kms_key == "" ? null : var.kms_key
    }
  }
}

resource "aws_s3_bucket_versioning" "build_versioning" {
  bucket = aws_s3_bucket.build_bucket.bucket

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_policy" "build_policy" {
  bucket = aws_s3_bucket.build_bucket.bucket
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "TlsOnly"
        Effect    = "Deny"
        Principal = "*"
        Action    = "s3:*"
        Resource = [
          "arn:${local.build_place.partition}:s3:::${var.app}-layers-${local.build_place.account}-${local.build_place.region}",
          "arn:${local.build_place.partition}:s3:::${var.app}-layers-${local.build_place.account}-${local.build_place.region}/*",
        ]
        Condition = {
          Bool = {
            "aws:SecureTransport" = "false"
          }
        }
      },
    ]
  })

  depends_on = [aws_s3_bucket_public_access_block.build_private]
}

# What only builds read expires. Approvals, records and artifacts stay until they are replaced.
resource "aws_s3_bucket_lifecycle_configuration" "build_lifecycle" {
  bucket = aws_s3_bucket.build_bucket.bucket

  rule {
    id     = "forget-old-versions"
    status = "Enabled"

    abort_incomplete_multipart_upload {
      days_after_initiation = 1
    }

    filter {
    }

    noncurrent_version_expiration {
      noncurrent_days = var.noncurrent_days
    }
  }

  dynamic "rule" {
    for_each = local.layers

    content {
      id     = "expire-${rule.key}-bundles"
      status = "Enabled"

      expiration {
        days = var.bundle_days
      }

      filter {
        prefix = "${rule.key}/bundles/"
      }
    }
  }
}

resource "aws_s3_bucket_logging" "build_access" {
  count = var.access_logs == "" ? 0 : 1

  bucket        = aws_s3_bucket.build_bucket.bucket
  target_bucket = var.access_logs
  target_prefix = "${var.app}-layers-${local.build_place.account}-${local.build_place.region}/"
}

# One project for all layers: image, machine and role are chosen for each build.
resource "aws_codebuild_project" "build_project" {
  build_timeout = var.build_timeout_minutes
  description   = "Builds the Lambda layers of ${var.app}"
  name          = "${var.app}-layers"
  service_role  = var.roles == "create" ? aws_iam_role.build_role[0].arn : "arn:${local.build_place.partition}:iam::${local.build_place.account}:role${var.role_path}${local.build_role_wanted.name}"

  artifacts {
    type = "NO_ARTIFACTS"
  }

  environment {
    compute_type                = var.compute_type
    image                       = "public.ecr.aws/sam/build-python3.13:latest-x86_64"
    image_pull_credentials_type = "SERVICE_ROLE"
    type                        = "LINUX_CONTAINER"
  }

  logs_config {
    cloudwatch_logs {
      group_name = "/aws/codebuild/${var.app}-layers"
      status     = "ENABLED"
    }
  }

  source {
    buildspec = trimspace(<<-EOT
      {
        "version": "0.2",
        "env": {
          "exported-variables": [
            "LAYER_SEAL"
          ]
        },
        "phases": {
          "install": {
            "commands": [
              "python3 worker.pyz tools"
            ]
          },
          "build": {
            "commands": [
              "python3 worker.pyz build",
              "export LAYER_SEAL=$(cat out/manifest.json out/part.json 2> /dev/null | sha256sum | cut -d ' ' -f 1)"
            ]
          }
        },
        "artifacts": {
          "base-directory": "out",
          "files": [
            "**/*"
          ]
        }
      }
    EOT
    )
    type = "NO_SOURCE"
  }

  dynamic "vpc_config" {
    for_each = var.vpc[*]

    content {
      vpc_id             = vpc_config.value.id
      subnets            = vpc_config.value.subnets
      security_group_ids = vpc_config.value.security_groups
    }
  }
}

# A project cannot be without a role. Builds run under their layer's own, so this one can do
# nothing but write logs.
resource "aws_iam_role" "build_role" {
  count = var.roles == "create" ? 1 : 0

  assume_role_policy   = jsonencode(local.build_role_wanted.trust)
  description          = local.build_role_wanted.description
  name                 = local.build_role_wanted.name
  path                 = local.build_role_wanted.path
  permissions_boundary = var.permissions_boundary == "" ? null : var.permissions_boundary
}

resource "aws_iam_role_policy" "build_permissions" {
  count = var.roles == "create" ? 1 : 0

  name   = local.build_role_wanted.policy_name
  policy = jsonencode(local.build_role_wanted.policy)
  role   = aws_iam_role.build_role[0].id
}

# What each role has to be, where an administrator makes them: lambda-layer roles --plan reads it.
resource "terraform_data" "build_roles" {
  count = var.roles == "create" ? 0 : 1

  input = merge(concat(
    [{ logs = local.build_role_wanted }],
    [for role in range(local.build_publisher_count) : { publish = local.build_publisher_role_wanted }],
    [{ for name, role in local.layer_push-role_wanted : "push of ${name}" => role }],
    [{ for name, role in local.layer_role_wanted : "build of ${name}" => role }],
  )...)
}
