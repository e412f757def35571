# Written from the constructs in modules/layer: make module

locals {
  build_publisher_count = length(local.layers) > 0 && (var.async || !var.sync_mode) ? 1 : 0
  build_publisher_code = {
    key    = try(data.external.build_plan.result[".publisher_key"], "")
    sha256 = try(data.external.build_plan.result[".publisher_sha256"], "")
  }
  build_publisher_given = {
    for name, layer in local.layers : name => layer.layer_name if layer.layer_name != ""
  }
  build_publisher_own = sort([
    for name, layer in local.layers :
    local.layer_name[name] if layer.layer_name == "" && !layer.image
  ])
  build_publisher_names  = concat(local.build_publisher_own, sort(values(local.build_publisher_given)))
  build_publisher_images = sort(keys(local.layer_images))
  build_publisher_moves  = distinct(flatten([for layer in values(local.layers) : layer.functions]))
  build_publisher_searches = [
    for function in local.build_publisher_moves : function if function == "*" || startswith(function, "tag:")
  ]
  build_publisher_building = [
    for name, layer in local.layers :
    name if try(length(layer.python), 0) > 1 || layer.compute == "auto"
  ]
  build_publisher_shared_own = sort([
    for name, layer in local.layers :
    local.layer_name[name] if length(layer.share) > 0 && layer.layer_name == ""
  ])
  build_publisher_shared_given = sort([
    for layer in values(local.layers) :
    layer.layer_name if length(layer.share) > 0 && layer.layer_name != ""
  ])
  build_publisher_shared = concat(local.build_publisher_shared_own, local.build_publisher_shared_given)
  build_publisher_parameters = sort([
    for layer in values(local.layers) : layer.parameter if layer.parameter != ""
  ])
  build_publisher_pruned = [
    for name, layer in local.layers : name if coalesce(layer.keep, 0) > 0
  ]
  build_publisher_pruned_images = [
    for name, layer in local.layer_images : name if coalesce(layer.keep, 0) > 0
  ]
  build_publisher_pruned_services = [
    for name in local.build_publisher_pruned_images : name if local.layers[name].supervisor
  ]
  build_publisher_policies = [
    for widened in range(4) : {
      Version = "2012-10-17"
      Statement = [
        for one in [
          {
            when = true
            allows = {
              Effect = "Allow"
              Action = ["s3:GetObject"]
              Resource = [
                "arn:${local.build_place.partition}:s3:::${var.app}-layers-${local.build_place.account}-${local.build_place.region}/*/record.json",
                "arn:${local.build_place.partition}:s3:::${var.app}-layers-${local.build_place.account}-${local.build_place.region}/*/requests/*.json",
              ]
            }
          },
          {
            when = true
            allows = {
              Effect = "Allow"
              Action = ["s3:GetObject", "s3:GetObjectVersion"]
              Resource = [
                "arn:${local.build_place.partition}:s3:::${var.app}-layers-${local.build_place.account}-${local.build_place.region}/*/built/*",
                "arn:${local.build_place.partition}:s3:::${var.app}-layers-${local.build_place.account}-${local.build_place.region}/*/artifacts/*",
              ]
            }
          },
          {
            when = true
            allows = {
              Effect = "Allow"
              Action = ["s3:PutObject"]
              Resource = [
                "arn:${local.build_place.partition}:s3:::${var.app}-layers-${local.build_place.account}-${local.build_place.region}/*/record.json",
                "arn:${local.build_place.partition}:s3:::${var.app}-layers-${local.build_place.account}-${local.build_place.region}/*/artifacts/*",
              ]
            }
          },
          {
            when = true
            allows = {
              Effect   = "Allow"
              Action   = ["s3:ListBucket"]
              Resource = ["arn:${local.build_place.partition}:s3:::${var.app}-layers-${local.build_place.account}-${local.build_place.region}"]
            }
          },
          {
            when = true
            allows = {
              Effect   = "Allow"
              Action   = ["codebuild:BatchGetBuilds"]
              Resource = ["arn:${local.build_place.partition}:codebuild:${local.build_place.region}:${local.build_place.account}:project/${var.app}-layers"]
            }
          },
          {
            when = length(local.build_publisher_names) > 0
            allows = {
              Effect   = "Allow"
              Action   = ["lambda:PublishLayerVersion", "lambda:ListLayerVersions"]
              Resource = [for name in tolist(widened < 3 ? local.build_publisher_names : concat(length(local.build_publisher_own) > 0 ? ["${var.app}-*"] : [], sort(values(local.build_publisher_given)))) : "arn:${local.build_place.partition}:lambda:${local.build_place.region}:${local.build_place.account}:layer:${name}"]
            }
          },
          {
            when = length(local.build_publisher_names) > 0
            allows = {
              Effect   = "Allow"
              Action   = ["lambda:GetLayerVersion", "lambda:DeleteLayerVersion"]
              Resource = [for name in tolist(widened < 3 ? local.build_publisher_names : concat(length(local.build_publisher_own) > 0 ? ["${var.app}-*"] : [], sort(values(local.build_publisher_given)))) : "arn:${local.build_place.partition}:lambda:${local.build_place.region}:${local.build_place.account}:layer:${name}:*"]
            }
          },
          {
            when = true
            allows = {
              Effect   = "Allow"
              Action   = ["logs:GetLogEvents"]
              Resource = ["arn:${local.build_place.partition}:logs:${local.build_place.region}:${local.build_place.account}:log-group:/aws/codebuild/${var.app}-layers:*"]
            }
          },
          {
            when = true
            allows = {
              Effect = "Allow"
              Action = ["logs:CreateLogStream", "logs:PutLogEvents"]
              Resource = [
                "arn:${local.build_place.partition}:logs:${local.build_place.region}:${local.build_place.account}:log-group:/aws/lambda/${var.app}-layers-publisher",
                "arn:${local.build_place.partition}:logs:${local.build_place.region}:${local.build_place.account}:log-group:/aws/lambda/${var.app}-layers-publisher:*",
              ]
            }
          },
          {
            when = var.kms_key != ""
            allows = {
              Effect   = "Allow"
              Action   = ["kms:Decrypt", "kms:GenerateDataKey"]
              Resource = [var.kms_key]
            }
          },
          {
            when = var.signing_key != ""
            allows = {
              Effect   = "Allow"
              Action   = ["kms:Sign"]
              Resource = [var.signing_key]
            }
          },
          {
            when = var.tracing
            allows = {
              Effect   = "Allow"
              Action   = ["xray:PutTelemetryRecords", "xray:PutTraceSegments"]
              Resource = ["*"]
            }
          },
          {
            when = var.dead_letter != ""
            allows = {
              Effect   = "Allow"
              Action   = length(regexall(":sqs:", var.dead_letter)) > 0 ? ["sqs:SendMessage"] : ["sns:Publish"]
              Resource = [var.dead_letter]
            }
          },
          {
            when = length(local.build_publisher_moves) > 0
            allows = {
              Effect = "Allow"
              Action = ["lambda:GetFunctionConfiguration", "lambda:UpdateFunctionConfiguration"]
              Resource = concat(
                sort(distinct([
                  for function in local.build_publisher_moves :
                  startswith(function, "arn:") ? trimsuffix(function, ":$LATEST") : "arn:${local.build_place.partition}:lambda:${local.build_place.region}:${local.build_place.account}:function:${trimsuffix(function, ":$LATEST")}"
                  if function != "*" && !startswith(function, "tag:")
                ])),
                length(local.build_publisher_searches) > 0 ? ["arn:${local.build_place.partition}:lambda:${local.build_place.region}:${local.build_place.account}:function:*"] : [],
              )
            }
          },
          {
            when = length(local.build_publisher_moves) > 0
            allows = {
              Effect   = "Allow"
              Action   = ["lambda:GetLayerVersion", "lambda:ListFunctions"]
              Resource = ["*"]
            }
          },
          {
            when = length(local.build_publisher_searches) > 0
            allows = {
              Effect   = "Allow"
              Action   = ["lambda:ListTags"]
              Resource = ["arn:${local.build_place.partition}:lambda:${local.build_place.region}:${local.build_place.account}:function:*"]
            }
          },
          {
            when = length(local.build_publisher_building) > 0
            allows = {
              Effect   = "Allow"
              Action   = ["codebuild:StartBuild", "codebuild:ListBuildsForProject"]
              Resource = ["arn:${local.build_place.partition}:codebuild:${local.build_place.region}:${local.build_place.account}:project/${var.app}-layers"]
            }
          },
          {
            when = length(local.build_publisher_building) > 0
            allows = {
              Effect   = "Allow"
              Action   = ["s3:GetObject"]
              Resource = [for name in tolist(widened < 1 ? local.build_publisher_building : ["*"]) : "arn:${local.build_place.partition}:s3:::${var.app}-layers-${local.build_place.account}-${local.build_place.region}/${name}/bundles/*"]
            }
          },
          {
            when = length(local.build_publisher_building) > 0
            allows = {
              Effect   = "Allow"
              Action   = ["iam:PassRole"]
              Resource = widened < 2 ? sort([for name in local.build_publisher_building : local.layer_role_arn[name]]) : ["arn:${local.build_place.partition}:iam::${local.build_place.account}:role${var.role_path}${var.app}-*${local.role_mark}-${local.build_place.region}-build"]
              Condition = {
                StringEquals = {
                  "iam:PassedToService" = "codebuild.amazonaws.com"
                }
              }
            }
          },
          {
            when = length(local.build_publisher_images) > 0
            allows = {
              Effect = "Allow"
              Action = [
                "codebuild:BatchGetBuilds",
                "codebuild:ListBuildsForProject",
                "codebuild:StartBuild",
                "codebuild:StopBuild",
              ]
              Resource = [for name in tolist(widened < 3 ? local.build_publisher_images : ["*"]) : "arn:${local.build_place.partition}:codebuild:${local.build_place.region}:${local.build_place.account}:project/${var.app}-layers_${name}"]
            }
          },
          {
            when = length(local.build_publisher_images) > 0
            allows = {
              Effect   = "Allow"
              Action   = ["s3:GetObject", "s3:PutObject"]
              Resource = ["arn:${local.build_place.partition}:s3:::${var.app}-layers-${local.build_place.account}-${local.build_place.region}/*/pusher/*"]
            }
          },
          {
            when = length(local.build_publisher_images) > 0
            allows = {
              Effect   = "Allow"
              Action   = ["ecr:GetAuthorizationToken"]
              Resource = ["*"]
            }
          },
          {
            when = length(local.build_publisher_images) > 0
            allows = {
              Effect = "Allow"
              Action = [
                "ecr:BatchDeleteImage",
                "ecr:BatchGetImage",
                "ecr:DescribeImages",
                "ecr:GetDownloadUrlForLayer",
              ]
              Resource = [for name in tolist(widened < 3 ? local.build_publisher_images : ["*"]) : "arn:${local.build_place.partition}:ecr:${local.build_place.region}:${local.build_place.account}:repository/${var.app}/${name}"]
            }
          },
          {
            when = length(local.build_publisher_shared) > 0
            allows = {
              Effect = "Allow"
              Action = [
                "lambda:GetLayerVersionPolicy",
                "lambda:AddLayerVersionPermission",
                "lambda:RemoveLayerVersionPermission",
              ]
              Resource = [for name in tolist(widened < 3 ? local.build_publisher_shared : concat(length(local.build_publisher_shared_own) > 0 ? ["${var.app}-*"] : [], local.build_publisher_shared_given)) : "arn:${local.build_place.partition}:lambda:${local.build_place.region}:${local.build_place.account}:layer:${name}:*"]
            }
          },
          {
            when = length(local.build_publisher_parameters) > 0
            allows = {
              Effect   = "Allow"
              Action   = ["ssm:GetParameter", "ssm:PutParameter", "ssm:DeleteParameter"]
              Resource = [for name in local.build_publisher_parameters : "arn:${local.build_place.partition}:ssm:${local.build_place.region}:${local.build_place.account}:parameter${name}"]
            }
          },
          {
            when = length(local.build_publisher_pruned) > 0
            allows = {
              Effect   = "Allow"
              Action   = ["lambda:ListFunctions"]
              Resource = ["*"]
            }
          },
          {
            when = length(local.build_publisher_pruned) > 0
            allows = {
              Effect   = "Allow"
              Action   = ["s3:ListBucketVersions"]
              Resource = ["arn:${local.build_place.partition}:s3:::${var.app}-layers-${local.build_place.account}-${local.build_place.region}"]
            }
          },
          {
            when = length(local.build_publisher_pruned) > 0
            allows = {
              Effect = "Allow"
              Action = ["s3:DeleteObject", "s3:DeleteObjectVersion"]
              Resource = flatten([for name in tolist(widened < 1 ? local.build_publisher_pruned : ["*"]) : [
                "arn:${local.build_place.partition}:s3:::${var.app}-layers-${local.build_place.account}-${local.build_place.region}/${name}/artifacts/*",
                "arn:${local.build_place.partition}:s3:::${var.app}-layers-${local.build_place.account}-${local.build_place.region}/${name}/built/*",
                "arn:${local.build_place.partition}:s3:::${var.app}-layers-${local.build_place.account}-${local.build_place.region}/${name}/bundles/*",
                "arn:${local.build_place.partition}:s3:::${var.app}-layers-${local.build_place.account}-${local.build_place.region}/${name}/inputs/*",
                "arn:${local.build_place.partition}:s3:::${var.app}-layers-${local.build_place.account}-${local.build_place.region}/${name}/requests/*",
              ]])
            }
          },
          {
            when = length(local.build_publisher_pruned_images) > 0
            allows = {
              Effect   = "Allow"
              Action   = ["lambda:GetFunction"]
              Resource = ["arn:${local.build_place.partition}:lambda:${local.build_place.region}:${local.build_place.account}:function:*"]
            }
          },
          {
            when = length(local.build_publisher_pruned_services) > 0
            allows = {
              Effect = "Allow"
              Action = [
                "ecs:DescribeTaskDefinition",
                "ecs:ListClusters",
                "ecs:ListTaskDefinitionFamilies",
                "ecs:ListTaskDefinitions",
                "ecs:ListTasks",
              ]
              Resource = ["*"]
            }
          },
          {
            when = length(local.build_publisher_pruned_services) > 0
            allows = {
              Effect   = "Allow"
              Action   = ["ecs:DescribeTasks"]
              Resource = ["arn:${local.build_place.partition}:ecs:${local.build_place.region}:${local.build_place.account}:task/${var.app}-*/*"]
            }
          },
          {
            when = var.notify != ""
            allows = {
              Effect   = "Allow"
              Action   = ["sns:Publish"]
              Resource = [var.notify]
            }
          },
        ] : one.allows if one.when
      ]
    }
  ]
  build_publisher_role_wanted = {
    description          = "Publishes the Lambda layers of ${var.app} when they are built"
    name                 = "${var.app}-layers-publisher${local.role_mark}-${local.build_place.region}"
    path                 = var.role_path
    permissions_boundary = var.permissions_boundary
    policy = try([
      for policy in local.build_publisher_policies : policy if length(jsonencode(policy)) <= 10240
    ][0], local.build_publisher_policies[3])
    policy_name = "publish"
    trust = {
      Version = "2012-10-17"
      Statement = [
        {
          Effect = "Allow"
          Action = "sts:AssumeRole"
          Principal = {
            Service = "lambda.amazonaws.com"
          }
          Condition = {
            StringEquals = {
              "aws:SourceAccount" = local.build_place.account
            }
          }
        },
      ]
    }
  }
}

resource "aws_cloudwatch_event_rule" "build_publisher_rule" {
  count = local.build_publisher_count

  description   = "Builds of the Lambda layers of ${var.app} that have ended"
  event_pattern = "{\"source\": [\"aws.codebuild\"], \"detail-type\": [\"CodeBuild Build State Change\"], \"detail\": {\"project-name\": [\"${var.app}-layers\", {\"prefix\": \"${var.app}-layers_\"}], \"build-status\": [\"SUCCEEDED\", \"FAILED\", \"STOPPED\", \"FAULT\", \"TIMED_OUT\"]}}"
  name          = "${var.app}-layers-publisher"
}

resource "aws_cloudwatch_event_target" "build_publisher_target" {
  count = local.build_publisher_count

  arn       = aws_lambda_function.build_publisher_function[0].arn
  rule      = aws_cloudwatch_event_rule.build_publisher_rule[0].name
  target_id = "publisher"

  retry_policy {
    maximum_event_age_in_seconds = 3600
    maximum_retry_attempts       = 185
  }

  depends_on = [aws_lambda_permission.build_publisher_permission, terraform_data.build_retire]
}

resource "aws_cloudwatch_log_group" "build_publisher_logs" {
  # checkov:skip=CKV_AWS_338:30 days are enough to correct a build, and what is published has its own documents
  count = local.build_publisher_count

  kms_key_id        = var.kms_key == "" ? null : var.kms_key
  name              = "/aws/lambda/${var.app}-layers-publisher"
  retention_in_days = var.log_retention_days
}

resource "aws_iam_role" "build_publisher_role" {
  count = var.roles == "create" ? local.build_publisher_count : 0

  assume_role_policy   = jsonencode(local.build_publisher_role_wanted.trust)
  description          = local.build_publisher_role_wanted.description
  name                 = local.build_publisher_role_wanted.name
  path                 = local.build_publisher_role_wanted.path
  permissions_boundary = var.permissions_boundary == "" ? null : var.permissions_boundary
}

# It may touch what the layers name, and no more.
resource "aws_iam_role_policy" "build_publisher_permissions" {
  count = var.roles == "create" ? local.build_publisher_count : 0

  name   = local.build_publisher_role_wanted.policy_name
  policy = jsonencode(local.build_publisher_role_wanted.policy)
  role   = aws_iam_role.build_publisher_role[0].id

  lifecycle {
    postcondition {
      condition     = length(replace(self.policy, "/\\s/", "")) <= 10240
      error_message = "The publisher's policy is too long: a role takes 10240 characters (IAM quotas). What takes them are functions, layer_name and parameter of the layers: each of them is named. To mend it: let layers find their functions by a tag (functions = [\"tag:KEY=VALUE\"]), or divide the layers among several applications."
    }
  }
}

# Finishes releases when their builds have ended, in async mode (docs/async.md).
resource "aws_lambda_function" "build_publisher_function" {
  # checkov:skip=CKV_AWS_117:it calls AWS alone, which has no addresses in a VPC without endpoints for five services
  # checkov:skip=CKV_AWS_115:a reservation is taken from all other functions, and accounts with 10 concurrent calls refuse it; calls are as many as builds that end
  count = local.build_publisher_count

  architectures           = ["arm64"]
  code_signing_config_arn = var.code_signing == "" ? null : var.code_signing
  description             = "Publishes the Lambda layers of ${var.app} when they are built"
  function_name           = "${var.app}-layers-publisher"
  handler                 = "builder.publisher.function.handler"
  kms_key_arn             = var.kms_key == "" ? null : var.kms_key
  memory_size             = 256
  role                    = var.roles == "create" ? aws_iam_role.build_publisher_role[0].arn : "arn:${local.build_place.partition}:iam::${local.build_place.account}:role${var.role_path}${local.build_publisher_role_wanted.name}"
  runtime                 = "python3.13"
  source_code_hash        = local.build_publisher_code.sha256
  timeout                 = 900
  s3_bucket               = "${var.app}-layers-${local.build_place.account}-${local.build_place.region}"
  s3_key                  = local.build_publisher_code.key

  dynamic "dead_letter_config" {
    for_each = compact([var.dead_letter])

    content {
      target_arn = dead_letter_config.value
    }
  }

  environment {
    variables = merge(
      {
        LAMBDA_LAYER_APP    = var.app
        LAMBDA_LAYER_NOTIFY = var.notify
      },
      { for key in compact([var.signing_key]) : "LAMBDA_LAYER_SIGNING_KEY" => key },
      {
        for names in [local.build_publisher_given] :
        "LAMBDA_LAYER_NAMES" => jsonencode(names) if length(names) > 0
      },
    )
  }

  tracing_config {
    mode = var.tracing ? "Active" : "PassThrough"
  }

  depends_on = [
    aws_cloudwatch_log_group.build_publisher_logs,
    aws_iam_role_policy.build_publisher_permissions,
    terraform_data.build_publisher_code,
  ]
}

resource "aws_lambda_function_event_invoke_config" "build_publisher_retries" {
  count = local.build_publisher_count

  function_name                = aws_lambda_function.build_publisher_function[0].function_name
  maximum_event_age_in_seconds = 3600
  maximum_retry_attempts       = 2

  dynamic "destination_config" {
    for_each = compact([var.notify])

    content {
      on_failure {
        destination = destination_config.value
      }
    }
  }
}

resource "aws_lambda_permission" "build_publisher_permission" {
  count = local.build_publisher_count

  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.build_publisher_function[0].function_name
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.build_publisher_rule[0].arn
  statement_id  = "events"
}

# The function's code is what the installed builder makes: the plan hook names it, and this stores it
# in the bucket. So it is the same on every machine, and this folder holds no zip.
resource "terraform_data" "build_publisher_code" {
  count = local.build_publisher_count

  input = {
    key = local.build_publisher_code.key
  }
  triggers_replace = [local.build_publisher_code.key, aws_s3_bucket.build_bucket.id]

  provisioner "local-exec" {
    command     = "publisher"
    interpreter = concat(var.command, ["hook"])
    environment = {
      LAMBDA_LAYER_PUBLISHER = jsonencode({
        account  = local.build_place.account
        assume   = jsonencode(local.build_credentials)
        bucket   = "${var.app}-layers-${local.build_place.account}-${local.build_place.region}"
        profile  = var.profile
        project  = "${var.app}-layers"
        region   = local.build_place.region
        role_arn = var.assume_role_arn
        key      = self.input.key
      })
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
  ]
}
