# Written from the constructs in modules/layer: make module

# What the caller describes, with the types and defaults of its attributes.
module "described" {
  source = "./described"

  layers   = var.layers
  defaults = var.defaults
  indexes  = var.indexes
  services = var.services
}

locals {
  # What each layer says, and what the defaults say where it does not.
  layer_merged = {
    for name, layer in module.described.layers : name => {
      schema          = 1
      package         = layer.package
      requirements    = layer.requirements
      dependencies    = layer.dependencies
      extras          = layer.extras
      python          = layer.python == null ? module.described.defaults.python : layer.python
      architectures   = try(coalescelist(coalesce(layer.architectures, []), compact([layer.architecture]), coalesce(module.described.defaults.architectures, []), compact([module.described.defaults.architecture])), [])
      split           = layer.split == null ? module.described.defaults.split : layer.split
      layer_name      = layer.layer_name
      image           = layer.image
      base            = layer.base
      supervisor      = layer.supervisor
      description     = layer.description
      exclude         = layer.exclude == null ? module.described.defaults.exclude : layer.exclude
      slim            = layer.slim == null ? module.described.defaults.slim : layer.slim
      functions       = layer.functions == null ? module.described.defaults.functions : layer.functions
      share           = layer.share == null ? module.described.defaults.share : layer.share
      parameter       = layer.parameter
      may_fail        = layer.may_fail
      system_packages = layer.system_packages == null ? module.described.defaults.system_packages : layer.system_packages
      pre_install     = layer.pre_install
      include         = layer.include == null ? module.described.defaults.include : layer.include
      indexes         = layer.indexes == null ? module.described.defaults.indexes : layer.indexes
      exclude_newer   = layer.exclude_newer == null ? module.described.defaults.exclude_newer : layer.exclude_newer
      licences        = layer.licences == null ? module.described.defaults.licences : layer.licences
      compute         = layer.compute == null ? module.described.defaults.compute : layer.compute
      images          = layer.images == null ? module.described.defaults.images : layer.images
      keep            = layer.keep == null ? module.described.defaults.keep : layer.keep
      size_check      = layer.size_check == null ? module.described.defaults.size_check : layer.size_check
    }
  }

  # What builds of a layer may do to log in to its package indexes.
  layer_logins = {
    for name, layer in local.layers : name => distinct(flatten([
      for index in layer.indexes : concat(
        [
          for id in regexall("^(?:(?P<id>arn:[a-z-]+:secretsmanager:[a-z0-9-]+:\\d{12}:secret:[\\w/+=.@-]+|[\\w/+=.@-]{1,512})(?::(?P<key>[^:\\s]+))?)$", index.secret)[*].id :
          jsonencode({
            Effect   = "Allow"
            Action   = ["secretsmanager:GetSecretValue"]
            Resource = [id]
          }) if startswith(id, "arn:")
        ],
        [
          for id in regexall("^(?:(?P<id>arn:[a-z-]+:secretsmanager:[a-z0-9-]+:\\d{12}:secret:[\\w/+=.@-]+|[\\w/+=.@-]{1,512})(?::(?P<key>[^:\\s]+))?)$", index.secret)[*].id :
          jsonencode({
            Effect   = "Allow"
            Action   = ["secretsmanager:GetSecretValue"]
            Resource = ["arn:${local.build_place.partition}:secretsmanager:${local.build_place.region}:${local.build_place.account}:secret:${id}-??????"]
          }) if !startswith(id, "arn:")
        ],
        [
          for place in index.codeartifact[*] :
          jsonencode({
            Effect   = "Allow"
            Action   = ["codeartifact:GetAuthorizationToken"]
            Resource = ["arn:${local.build_place.partition}:codeartifact:${coalesce(place.region, local.build_place.region)}:${place.owner}:domain/${place.domain}"]
          })
        ],
        [
          for place in index.codeartifact[*] :
          jsonencode({
            Effect   = "Allow"
            Action   = ["codeartifact:ReadFromRepository"]
            Resource = ["arn:${local.build_place.partition}:codeartifact:${coalesce(place.region, local.build_place.region)}:${place.owner}:repository/${place.domain}/${place.repository}"]
          })
        ],
        [
          for place in index.codeartifact[*] :
          jsonencode({
            Effect   = "Allow"
            Action   = ["sts:GetServiceBearerToken"]
            Resource = ["*"]
            Condition = {
              StringEquals = {
                "sts:AWSServiceName" = "codeartifact.amazonaws.com"
              }
            }
          })
        ]
      )
    ]))
  }
  layer_answer = {
    for name in keys(local.layers) : name => contains(["current", "pinned", "invalid"], local.layer_plan[name].status) ? tomap(local.layer_plan[name]) : try(data.external.layer_release[name].result, tomap(local.layer_plan[name]))
  }
  layer_plan = {
    for name in keys(local.layers) : name => jsondecode(data.external.build_plan.result[name])
  }
  layer_push-role_wanted = {
    for name in keys(local.layer_images) : name => {
      description          = "Pushes the image of the Lambda layer ${name}"
      name                 = "${var.app}-${local.layer_short[name]}-${local.build_place.region}-push"
      path                 = var.role_path
      permissions_boundary = var.permissions_boundary
      policy = {
        Version = "2012-10-17"
        Statement = concat(
          [
            {
              Effect   = "Allow"
              Action   = ["s3:GetObject", "s3:GetObjectVersion"]
              Resource = ["arn:${local.build_place.partition}:s3:::${var.app}-layers-${local.build_place.account}-${local.build_place.region}/${name}/pusher/*"]
            },
            {
              Effect = "Allow"
              Action = ["s3:GetObjectVersion"]
              Resource = [
                "arn:${local.build_place.partition}:s3:::${var.app}-layers-${local.build_place.account}-${local.build_place.region}/${name}/artifacts/*",
                "arn:${local.build_place.partition}:s3:::${var.app}-layers-${local.build_place.account}-${local.build_place.region}/${name}/built/*",
              ]
            },
            {
              Effect   = "Allow"
              Action   = ["s3:GetBucketAcl", "s3:GetBucketLocation"]
              Resource = ["arn:${local.build_place.partition}:s3:::${var.app}-layers-${local.build_place.account}-${local.build_place.region}"]
            },
            {
              Effect   = "Allow"
              Action   = ["ecr:GetAuthorizationToken"]
              Resource = ["*"]
            },
            {
              Effect = "Allow"
              Action = [
                "ecr:BatchCheckLayerAvailability",
                "ecr:BatchGetImage",
                "ecr:CompleteLayerUpload",
                "ecr:GetDownloadUrlForLayer",
                "ecr:InitiateLayerUpload",
                "ecr:PutImage",
                "ecr:UploadLayerPart",
              ]
              Resource = ["arn:${local.build_place.partition}:ecr:${local.build_place.region}:${local.build_place.account}:repository/${var.app}/${name}"]
            },
            {
              Effect = "Allow"
              Action = ["logs:CreateLogStream"]
              Resource = [
                "arn:${local.build_place.partition}:logs:${local.build_place.region}:${local.build_place.account}:log-group:/aws/codebuild/${var.app}-layers",
                "arn:${local.build_place.partition}:logs:${local.build_place.region}:${local.build_place.account}:log-group:/aws/codebuild/${var.app}-layers:log-stream:_push/${name}/*",
              ]
            },
            {
              Effect   = "Allow"
              Action   = ["logs:PutLogEvents"]
              Resource = ["arn:${local.build_place.partition}:logs:${local.build_place.region}:${local.build_place.account}:log-group:/aws/codebuild/${var.app}-layers:log-stream:_push/${name}/*"]
            },
          ],
          [
            for base in regexall("^([0-9]{12})[.]dkr[.-]ecr(?:-fips)?[.]([a-z0-9-]+)[.][^/]+/([^:@]+)", local.layers[name].base) : {
              Effect   = "Allow"
              Action   = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
              Resource = ["arn:${local.build_place.partition}:ecr:${base[1]}:${base[0]}:repository/${base[2]}"]
            }
          ],
          local.build_options,
        )
      }
      policy_name = "push"
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
                "aws:SourceArn"     = "arn:${local.build_place.partition}:codebuild:${local.build_place.region}:${local.build_place.account}:project/${var.app}-layers_${name}"
                "aws:SourceAccount" = local.build_place.account
              }
            }
          },
        ]
      }
    }
  }
  layer_push-role_id    = { for name, role in aws_iam_role.layer_push-role : name => role.id }
  layer_push-role_names = { for name in keys(local.layer_images) : name => name if var.roles == "create" }
  layer_role_wanted = {
    for name in keys(local.layers) : name => {
      description          = "Builds of the Lambda layer ${name}"
      name                 = "${var.app}-${local.layer_short[name]}-${local.build_place.region}-build"
      path                 = var.role_path
      permissions_boundary = var.permissions_boundary
      policy = {
        Version = "2012-10-17"
        Statement = concat(
          [
            {
              Effect   = "Allow"
              Action   = ["s3:GetObject", "s3:GetObjectVersion"]
              Resource = ["arn:${local.build_place.partition}:s3:::${var.app}-layers-${local.build_place.account}-${local.build_place.region}/${name}/bundles/*"]
            },
            {
              Effect   = "Allow"
              Action   = ["s3:PutObject"]
              Resource = ["arn:${local.build_place.partition}:s3:::${var.app}-layers-${local.build_place.account}-${local.build_place.region}/${name}/built/*"]
            },
            {
              Effect   = "Allow"
              Action   = ["s3:GetObject", "s3:GetObjectVersion"]
              Resource = ["arn:${local.build_place.partition}:s3:::${var.app}-layers-${local.build_place.account}-${local.build_place.region}/${name}/built/*/parts/*"]
            },
            {
              Effect   = "Allow"
              Action   = ["s3:GetBucketAcl", "s3:GetBucketLocation"]
              Resource = ["arn:${local.build_place.partition}:s3:::${var.app}-layers-${local.build_place.account}-${local.build_place.region}"]
            },
            {
              Effect = "Allow"
              Action = ["logs:CreateLogStream"]
              Resource = [
                "arn:${local.build_place.partition}:logs:${local.build_place.region}:${local.build_place.account}:log-group:/aws/codebuild/${var.app}-layers",
                "arn:${local.build_place.partition}:logs:${local.build_place.region}:${local.build_place.account}:log-group:/aws/codebuild/${var.app}-layers:log-stream:${name}/*",
              ]
            },
            {
              Effect   = "Allow"
              Action   = ["logs:PutLogEvents"]
              Resource = ["arn:${local.build_place.partition}:logs:${local.build_place.region}:${local.build_place.account}:log-group:/aws/codebuild/${var.app}-layers:log-stream:${name}/*"]
            },
          ],
          [for login in local.layer_logins[name] : jsondecode(login)],
          local.build_options,
        )
      }
      policy_name = "build"
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
  layer_role_id    = { for name, role in aws_iam_role.layer_role : name => role.id }
  layer_role_names = { for name in keys(local.layers) : name => name if var.roles == "create" }
  layer_ready = concat(
    keys(terraform_data.build_retire),
    keys(aws_iam_role_policy.layer_permissions),
    keys(aws_ecr_repository.layer_repository),
    keys(aws_ecr_lifecycle_policy.layer_image-lifecycle),
    keys(aws_iam_role_policy.layer_push-permissions),
    keys(aws_codebuild_project.layer_push),
  )
}

# Looks at all layers at every plan, and writes nothing.
data "external" "build_plan" {
  program = length(local.layers) == 0 ? local.build_no-release : concat(var.command, ["hook", "plan"])
  query = merge(
    {
      account     = local.build_place.account
      assume      = jsonencode(local.build_credentials)
      bucket      = "${var.app}-layers-${local.build_place.account}-${local.build_place.region}"
      log_group   = "/aws/codebuild/${var.app}-layers"
      profile     = var.profile
      project     = "${var.app}-layers"
      region      = local.build_place.region
      role_arn    = var.assume_role_arn
      signing_key = var.signing_key
      publisher   = tostring(local.build_publisher_count > 0)
    },
    concat(
      [
        for name in keys(local.layers) : {
          "${name}.build_role"    = local.layer_role_arn[name]
          "${name}.debug_mode"    = var.debug_mode
          "${name}.force_rebuild" = var.force_rebuild
          "${name}.layer_name"    = local.layer_name[name]
          "${name}.root"          = local.root
          "${name}.spec"          = local.layer_spec[name]
          "${name}.sync_mode"     = var.sync_mode
        }
      ],
      [
        for name in keys(local.layers) :
        { "${name}.roles" = join(" ", concat(
          [local.build_role_wanted.name],
          [for role in range(local.build_publisher_count) : local.build_publisher_role_wanted.name],
          [for key, role in local.layer_push-role_wanted : role.name if key == name],
          [local.layer_role_wanted[name].name],
        )) }
        if var.roles == "existing"
      ],
    )...
  )
}

# One role a layer: no build can write what another layer publishes.
resource "aws_iam_role" "layer_role" {
  for_each = local.layer_role_names

  assume_role_policy   = jsonencode(local.layer_role_wanted[each.key].trust)
  description          = local.layer_role_wanted[each.key].description
  name                 = local.layer_role_wanted[each.key].name
  path                 = local.layer_role_wanted[each.key].path
  permissions_boundary = var.permissions_boundary == "" ? null : var.permissions_boundary
}

resource "aws_iam_role_policy" "layer_permissions" {
  for_each = local.layer_role_names

  name   = local.layer_role_wanted[each.key].policy_name
  policy = jsonencode(local.layer_role_wanted[each.key].policy)
  role   = local.layer_role_id[each.key]
}

# Versions are published by builds, not by Terraform, so this removes them. A layer that moves to
# another name, bucket, account or region is retired where it was.
resource "terraform_data" "build_retire" {
  for_each = local.layer_names

  input = local.build_retirements[each.key]
  triggers_replace = {
    account    = local.build_retirements[each.key].account
    bucket     = local.build_retirements[each.key].bucket
    layer_name = local.build_retirements[each.key].layer_name
    region     = local.build_retirements[each.key].region
  }

  provisioner "local-exec" {
    command = "retire"
    environment = {
      LAMBDA_LAYER_RETIRE = jsonencode(self.input)
    }
    interpreter = self.input.program
    when        = destroy
  }

  depends_on = [
    aws_s3_bucket.build_bucket,
    aws_s3_bucket_public_access_block.build_private,
    aws_s3_bucket_ownership_controls.build_ownership,
    aws_s3_bucket_server_side_encryption_configuration.build_encryption,
    aws_s3_bucket_versioning.build_versioning,
    aws_s3_bucket_policy.build_policy,
    aws_s3_bucket_logging.build_access,
    aws_cloudwatch_log_group.build_logs,
    aws_codebuild_project.build_project,
    aws_ecr_repository.layer_repository,
    aws_codebuild_project.layer_push,
  ]
}

# What layers that are images are instead of a layer in Lambda (docs/hybrid.md).
resource "aws_ecr_repository" "layer_repository" {
  for_each = local.layer_image_names

  force_delete         = false
  image_tag_mutability = "IMMUTABLE"
  name                 = "${var.app}/${each.key}"

  dynamic "encryption_configuration" {
    for_each = compact([var.kms_key])

    content {
      encryption_type = "KMS"
      kms_key         = encryption_configuration.value
    }
  }

  image_scanning_configuration {
    scan_on_push = true
  }

  lifecycle {
    create_before_destroy = true

    precondition {
      condition     = !var.retain_versions
      error_message = "Layer '${each.key}' is an image, and retain_versions cannot keep it: ECR deletes no repository that has images. To mend it: take retain_versions away. To keep the images when the layer goes, take their repository out of Terraform's state before (docs/hybrid.md, 'A layer as an image')."
    }
  }
}

# No rule for tagged images: something may be started from any of them.
resource "aws_ecr_lifecycle_policy" "layer_image-lifecycle" {
  for_each = local.layer_image_names

  policy = jsonencode({
    rules = [
      {
        rulePriority = 1
        description  = "Forget images without a tag"
        selection = {
          tagStatus   = "untagged"
          countType   = "sinceImagePushed"
          countUnit   = "days"
          countNumber = 1
        }
        action = {
          type = "expire"
        }
      },
    ]
  })
  repository = aws_ecr_repository.layer_repository[each.key].name
}

# The one role that may push into a layer's repository. No code of strangers runs under it.
resource "aws_iam_role" "layer_push-role" {
  for_each = local.layer_push-role_names

  assume_role_policy   = jsonencode(local.layer_push-role_wanted[each.key].trust)
  description          = local.layer_push-role_wanted[each.key].description
  name                 = local.layer_push-role_wanted[each.key].name
  path                 = local.layer_push-role_wanted[each.key].path
  permissions_boundary = var.permissions_boundary == "" ? null : var.permissions_boundary
}

resource "aws_iam_role_policy" "layer_push-permissions" {
  for_each = local.layer_push-role_names

  name   = local.layer_push-role_wanted[each.key].policy_name
  policy = jsonencode(local.layer_push-role_wanted[each.key].policy)
  role   = local.layer_push-role_id[each.key]
}

# Pushes what was built and verified, with our own program.
resource "aws_codebuild_project" "layer_push" {
  for_each = local.layer_image_names

  build_timeout = 30
  description   = "Pushes the image of the Lambda layer ${each.key} of ${var.app}"
  name          = "${var.app}-layers_${each.key}"
  service_role  = var.roles == "create" ? aws_iam_role.layer_push-role[each.key].arn : "arn:${local.build_place.partition}:iam::${local.build_place.account}:role${var.role_path}${local.layer_push-role_wanted[each.key].name}"

  artifacts {
    type = "NO_ARTIFACTS"
  }

  environment {
    compute_type                = "BUILD_GENERAL1_SMALL"
    image                       = "aws/codebuild/amazonlinux-x86_64-standard:5.0"
    image_pull_credentials_type = "CODEBUILD"
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
        "phases": {
          "build": {
            "commands": [
              "python3 -m builder.pusher"
            ]
          }
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

# The token of the build that is due. A plan with such a change asks for a build; apply writes it,
# which approves the build.
resource "aws_s3_object" "layer_approval" {
  for_each = local.layer_names

  bucket       = "${var.app}-layers-${local.build_place.account}-${local.build_place.region}"
  content      = local.layer_plan[each.key].token
  content_type = "text/plain"
  etag         = md5(local.layer_plan[each.key].token)
  key          = "${each.key}/approved"

  override_provider {
    default_tags {
      tags = {}
    }
  }

  lifecycle {
    precondition {
      condition     = (local.layer_plan[each.key].status != "invalid")
      error_message = "Layer ${each.key} cannot be built.\n${local.layer_plan[each.key].reason}"
    }

    precondition {
      condition     = (try(local.layer_plan[each.key].size_fits, "") != "false")
      error_message = "Layer ${each.key} cannot fit.\n${try(local.layer_plan[each.key].size_refusal, "")}"
    }

    precondition {
      condition     = length(local.layer_problems[each.key]) == 0
      error_message = "Layer ${each.key} cannot be built.\n${join("\n", local.layer_problems[each.key])}"
    }
  }

  depends_on = [
    aws_s3_bucket.build_bucket,
    aws_s3_bucket_public_access_block.build_private,
    aws_s3_bucket_ownership_controls.build_ownership,
    aws_s3_bucket_server_side_encryption_configuration.build_encryption,
    aws_s3_bucket_versioning.build_versioning,
    aws_s3_bucket_policy.build_policy,
    aws_s3_bucket_logging.build_access,
    aws_cloudwatch_log_group.build_logs,
    aws_codebuild_project.build_project,
    aws_lambda_permission.build_publisher_permission,
    aws_cloudwatch_event_target.build_publisher_target,
    local.layer_ready,
  ]
}

# Builds what was approved. Its query has the approval's version, which is unknown in a plan that
# changes the approval: so Terraform reads it during apply, and only then. It is no depends_on,
# which would put off all layers for one. Where nothing is due, the program is echo.
data "external" "layer_release" {
  for_each = local.layer_names

  program = contains(["current", "pinned", "invalid"], local.layer_plan[each.key].status) ? local.build_no-release : local.build_release-hook
  query = {
    account       = local.build_place.account
    assume        = jsonencode(local.build_credentials)
    bucket        = "${var.app}-layers-${local.build_place.account}-${local.build_place.region}"
    build_role    = local.layer_role_arn[each.key]
    debug_mode    = var.debug_mode
    force_rebuild = var.force_rebuild
    layer_name    = local.layer_name[each.key]
    log_group     = "/aws/codebuild/${var.app}-layers"
    plan          = data.external.build_plan.result[each.key]
    profile       = var.profile
    project       = "${var.app}-layers"
    reason        = local.layer_plan[each.key].reason
    region        = local.build_place.region
    role_arn      = var.assume_role_arn
    root          = local.root
    signing_key   = var.signing_key
    size          = try(local.layer_plan[each.key].size, "")
    spec          = local.layer_spec[each.key]
    sync_mode     = var.sync_mode
    watch         = "lambda-layer watch ${each.key}"
    approval      = local.layer_approved[each.key]
  }
}
