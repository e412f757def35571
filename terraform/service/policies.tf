# As modules/layer/hybrid_policies.py has them; a test compares the plans.

locals {
  # As policies.use_key has it.
  key_rights = [
    for key in compact([var.kms_key]) : {
      Effect   = "Allow"
      Action   = ["kms:Decrypt", "kms:GenerateDataKey"]
      Resource = [key]
    }
  ]

  trust = {
    Version = "2012-10-17"
    Statement = [
      {
        Effect    = "Allow"
        Principal = { Service = "ecs-tasks.amazonaws.com" }
        Action    = "sts:AssumeRole"
        Condition = {
          StringEquals = { "aws:SourceAccount" = var.place.account }
          ArnLike      = { "aws:SourceArn" = "arn:${var.place.partition}:ecs:${local.here}:*" }
        }
      },
    ]
  }

  task_policy = {
    Version = "2012-10-17"
    Statement = concat([
      {
        Effect   = "Allow"
        Action   = ["s3:GetObject", "s3:PutObject"]
        Resource = ["${local.bucket_arn}/${local.prefix}state.json"]
      },
      {
        Effect   = "Allow"
        Action   = ["s3:GetObject", "s3:GetObjectVersion", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"]
        Resource = ["${local.bucket_arn}/${local.prefix}snapshots/*"]
      },
      {
        Effect    = "Allow"
        Action    = ["s3:ListBucket"]
        Resource  = [local.bucket_arn]
        Condition = { StringLike = { "s3:prefix" = "${local.prefix}snapshots/*" } }
      },
    ], local.key_rights)
  }

  # An image that is not in ECR needs no rights here.
  image_rights = [
    {
      Effect   = "Allow"
      Action   = ["ecr:GetAuthorizationToken"]
      Resource = ["*"]
    },
    {
      Effect   = "Allow"
      Action   = ["ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage"]
      Resource = [local.image_arn]
    },
  ]

  execution_policy = {
    Version = "2012-10-17"
    Statement = concat(
      [for statement in local.image_rights : statement if local.image_arn != ""],
      [
        {
          Effect   = "Allow"
          Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
          Resource = ["arn:${var.place.partition}:logs:${local.here}:log-group:${local.log_group}:*"]
        },
      ],
    )
  }

  client_policy = {
    Version = "2012-10-17"
    Statement = concat([
      {
        Effect   = "Allow"
        Action   = ["s3:GetObject"]
        Resource = [for key in ["state.json", "service.json"] : "${local.bucket_arn}/${local.prefix}${key}"]
      },
      {
        Effect   = "Allow"
        Action   = ["s3:PutObject"]
        Resource = ["${local.bucket_arn}/${local.prefix}state.json"]
      },
      {
        Effect   = "Allow"
        Action   = ["s3:ListBucket"]
        Resource = [local.bucket_arn]
      },
      {
        Effect    = "Allow"
        Action    = ["ecs:RunTask"]
        Resource  = ["${local.ecs}:task-definition/${local.name}:*"]
        Condition = { ArnEqualsIfExists = { "ecs:cluster" = "${local.ecs}:cluster/${local.name}" } }
      },
      {
        Effect   = "Allow"
        Action   = ["ecs:DescribeTasks", "ecs:StopTask"]
        Resource = ["${local.ecs}:task/${local.name}/*"]
      },
      {
        Effect    = "Allow"
        Action    = ["iam:PassRole"]
        Resource  = [for kind in ["task", "execution"] : local.role_arns[kind]]
        Condition = { StringEquals = { "iam:PassedToService" = "ecs-tasks.amazonaws.com" } }
      },
    ], local.key_rights)
  }

  role_policies = { task = local.task_policy, execution = local.execution_policy }

  # What both roles have to be, whoever makes them.
  roles = {
    for kind, policy in local.role_policies : kind => {
      description          = "The ${kind} role of the service ${local.name}"
      name                 = "${local.name}${var.role_mark}-${var.place.region}-${kind}"
      path                 = var.role_path
      permissions_boundary = var.permissions_boundary
      policy               = policy
      policy_name          = kind
      trust                = local.trust
    }
  }

  role_arns = {
    for kind, role in local.roles :
    kind => "arn:${var.place.partition}:iam::${var.place.account}:role${var.role_path}${role.name}"
  }
}
