# One hybrid service, as modules/layer/hybrid.py makes it; a test compares the plans.

locals {
  name       = "${var.app}-${var.name}"
  prefix     = "${var.name}/"
  here       = "${var.place.region}:${var.place.account}"
  ecs        = "arn:${var.place.partition}:ecs:${local.here}"
  log_group  = "/services/${local.name}"
  bucket     = "${local.name}-${var.place.account}-${var.place.region}"
  bucket_arn = "arn:${var.place.partition}:s3:::${local.bucket}"

  vpc     = var.service.vpc == "" ? var.network.vpc : var.service.vpc
  subnets = var.service.vpc == "" ? var.network.subnets : var.service.subnets

  has_repository = var.service.image_tag != ""
  repository_url = join("", aws_ecr_repository.repository[*].repository_url)
  image = (
    local.has_repository ? "${local.repository_url}:${var.service.image_tag}" :
    var.service.layer != "" ? var.image : var.service.image
  )

  # Of an image in another repository of ECR; "" for one of another registry.
  elsewhere = join("", [
    for part in regexall("^([0-9]{12})[.]dkr[.-]ecr(?:-fips)?[.]([a-z0-9-]+)[.][a-z.-]+/([a-z0-9./_-]+)[:@]", var.service.image) :
    "arn:${var.place.partition}:ecr:${part[1]}:${part[0]}:repository/${part[2]}"
  ])
  in_account = local.has_repository ? local.name : var.service.layer != "" ? "${var.app}/${var.service.layer}" : ""
  image_arn  = local.in_account != "" ? "arn:${var.place.partition}:ecr:${local.here}:repository/${local.in_account}" : local.elsewhere

  variables = {
    HYBRID_BUCKET   = local.bucket
    HYBRID_PREFIX   = local.prefix
    HYBRID_DATA     = "/data/${var.name}"
    HYBRID_PORT     = tostring(var.service.port)
    HYBRID_HEALTH   = var.service.health
    HYBRID_INTERVAL = tostring(var.service.interval)
    HYBRID_IDLE     = tostring(var.service.idle)
    HYBRID_LIFETIME = tostring(var.service.lifetime)
    HYBRID_START    = tostring(var.service.start)
    HYBRID_STOP     = "120"
    HOME            = "/tmp"
    TMPDIR          = "/tmp"
  }

}

resource "aws_cloudwatch_log_group" "logs" {
  # checkov:skip=CKV_AWS_158:CloudWatch encrypts logs with a key of its own, and a KMS key costs and needs a policy
  # checkov:skip=CKV_AWS_338:30 days are enough to see why a task ended; what it keeps is in its snapshots
  name              = local.log_group
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key == "" ? null : var.kms_key
}

resource "aws_s3_bucket" "data_bucket" {
  # checkov:skip=CKV_AWS_145:S3 encrypts objects with a key of its own, and a KMS key costs and needs a policy
  # checkov:skip=CKV_AWS_18:access logs need a bucket that is not ours
  # checkov:skip=CKV_AWS_144:a task runs in one region, and S3 keeps its snapshots in several zones of it; a copy elsewhere needs a bucket that is not ours
  # checkov:skip=CKV2_AWS_62:nothing waits for objects: the task alone reads and writes snapshots
  bucket        = local.bucket
  force_destroy = var.service.force_destroy

  lifecycle {
    precondition {
      condition     = length(local.name) <= 34
      error_message = "The service would be named ${local.name}, and may have 34 characters: a bucket is named by it. Give the service or the application a shorter name."
    }

    precondition {
      condition     = var.service.vpc != "" || var.network.vpc != null
      error_message = "The service ${var.name} has no network: give it vpc and subnets, or give the module vpc."
    }

    precondition {
      condition     = var.problem == ""
      error_message = "The service ${var.name} has no image. ${var.problem}."
    }
  }
}

resource "aws_s3_bucket_public_access_block" "data_private" {
  bucket                  = aws_s3_bucket.data_bucket.bucket
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "data_ownership" {
  bucket = aws_s3_bucket.data_bucket.bucket

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

# What S3 does by itself. Providers before 6.40.0 plan to take away what is not named.
resource "aws_s3_bucket_server_side_encryption_configuration" "data_encryption" {
  bucket = aws_s3_bucket.data_bucket.bucket

  rule {
    blocked_encryption_types = ["SSE-C"]
    bucket_key_enabled       = var.kms_key != ""

    apply_server_side_encryption_by_default {
      sse_algorithm     = length(var.kms_key) == 0 ? "AES256" : "aws:kms"
      kms_master_key_id = var.kms_key == "" ? null : var.kms_key
    }
  }
}

resource "aws_s3_bucket_versioning" "data_versioning" {
  bucket = aws_s3_bucket.data_bucket.bucket

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_policy" "data_policy" {
  bucket = aws_s3_bucket.data_bucket.bucket
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "TlsOnly"
        Effect    = "Deny"
        Principal = "*"
        Action    = "s3:*"
        Resource  = [local.bucket_arn, "${local.bucket_arn}/*"]
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  })

  # S3 refuses two changes to a bucket's access at the same moment.
  depends_on = [aws_s3_bucket_public_access_block.data_private]
}

resource "aws_s3_bucket_logging" "data_access" {
  count = var.access_logs == "" ? 0 : 1

  bucket        = aws_s3_bucket.data_bucket.bucket
  target_bucket = var.access_logs
  target_prefix = "${local.bucket}/"
}

resource "aws_s3_bucket_lifecycle_configuration" "data_lifecycle" {
  bucket = aws_s3_bucket.data_bucket.bucket

  rule {
    id     = "forget-old-versions"
    status = "Enabled"

    abort_incomplete_multipart_upload {
      days_after_initiation = 1
    }

    filter {
    }

    noncurrent_version_expiration {
      noncurrent_days = var.service.noncurrent_days
    }
  }

  # Each snapshot has a key of its own, and leaves a delete marker when it goes.
  rule {
    id     = "forget-delete-markers"
    status = "Enabled"

    expiration {
      expired_object_delete_marker = true
    }

    filter {
    }
  }
}

resource "aws_ecr_repository" "repository" {
  # checkov:skip=CKV_AWS_136:ECR encrypts images with a key of its own, and a KMS key costs and needs a policy
  count = local.has_repository ? 1 : 0

  name                 = local.name
  image_tag_mutability = "IMMUTABLE"
  force_delete         = var.service.force_destroy

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
}

# No rule for tagged images: a task may be started from any of them.
resource "aws_ecr_lifecycle_policy" "image-lifecycle" {
  count = local.has_repository ? 1 : 0

  repository = aws_ecr_repository.repository[0].name
  policy = jsonencode({
    rules = [
      {
        rulePriority = 1
        description  = "Forget images without a tag"
        selection    = { tagStatus = "untagged", countType = "sinceImagePushed", countUnit = "days", countNumber = 1 }
        action       = { type = "expire" }
      },
    ]
  })
}

resource "aws_ecs_cluster" "cluster" {
  # checkov:skip=CKV_AWS_65:Container Insights cost by the task; the log says when and why each began and ended, and an account can have them for all its clusters
  name = local.name

  # ECS deletes no cluster in which tasks run: so images go after the tasks that have them.
  depends_on = [var.retirement]
}

resource "aws_iam_role" "task-role" {
  count = var.makes_roles ? 1 : 0

  name                 = local.roles["task"].name
  description          = local.roles["task"].description
  assume_role_policy   = jsonencode(local.trust)
  path                 = var.role_path
  permissions_boundary = var.permissions_boundary == "" ? null : var.permissions_boundary
}

resource "aws_iam_role_policy" "task-policy" {
  count = var.makes_roles ? 1 : 0

  name   = "task"
  role   = aws_iam_role.task-role[0].id
  policy = jsonencode(local.task_policy)
}

resource "aws_iam_role" "execution-role" {
  count = var.makes_roles ? 1 : 0

  name                 = local.roles["execution"].name
  description          = local.roles["execution"].description
  assume_role_policy   = jsonencode(local.trust)
  path                 = var.role_path
  permissions_boundary = var.permissions_boundary == "" ? null : var.permissions_boundary
}

resource "aws_iam_role_policy" "execution-policy" {
  count = var.makes_roles ? 1 : 0

  name   = "execution"
  role   = aws_iam_role.execution-role[0].id
  policy = jsonencode(local.execution_policy)
}

# What both roles have to be, where an administrator makes them: lambda-layer roles --plan reads it.
resource "terraform_data" "roles" {
  count = var.makes_roles ? 0 : 1

  input = { for kind, role in local.roles : "${kind} of service ${var.name}" => role }
}

resource "aws_security_group" "clients-group" {
  # checkov:skip=CKV2_AWS_5:the client gives the tasks' group to each task that it starts, and functions have the clients' group: neither is a resource here
  name        = "${local.name}-clients"
  description = "The clients of the service ${local.name}"
  vpc_id      = local.vpc
}

resource "aws_security_group" "tasks-group" {
  # checkov:skip=CKV2_AWS_5:the client gives the tasks' group to each task that it starts, and functions have the clients' group: neither is a resource here
  name        = "${local.name}-tasks"
  description = "The tasks of the service ${local.name}"
  vpc_id      = local.vpc
}

resource "aws_vpc_security_group_ingress_rule" "from-clients" {
  security_group_id            = aws_security_group.tasks-group.id
  referenced_security_group_id = aws_security_group.clients-group.id
  description                  = "Functions that use ${local.name}"
  from_port                    = var.service.port
  to_port                      = var.service.port
  ip_protocol                  = "tcp"
}

resource "aws_vpc_security_group_egress_rule" "to-tasks" {
  security_group_id            = aws_security_group.clients-group.id
  referenced_security_group_id = aws_security_group.tasks-group.id
  description                  = "The tasks of ${local.name}"
  from_port                    = var.service.port
  to_port                      = var.service.port
  ip_protocol                  = "tcp"
}

resource "aws_vpc_security_group_egress_rule" "clients-to-aws" {
  security_group_id = aws_security_group.clients-group.id
  cidr_ipv4         = "0.0.0.0/0"
  description       = "S3, ECS, ECR and CloudWatch Logs"
  from_port         = 443
  to_port           = 443
  ip_protocol       = "tcp"
}

resource "aws_vpc_security_group_egress_rule" "tasks-to-aws" {
  security_group_id = aws_security_group.tasks-group.id
  cidr_ipv4         = "0.0.0.0/0"
  description       = "S3, ECS, ECR and CloudWatch Logs"
  from_port         = 443
  to_port           = 443
  ip_protocol       = "tcp"
}

resource "aws_ecs_task_definition" "task" {
  family                   = local.name
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = tostring(var.service.cpu)
  memory                   = tostring(var.service.memory)
  task_role_arn            = var.makes_roles ? aws_iam_role.task-role[0].arn : local.role_arns["task"]
  execution_role_arn       = var.makes_roles ? aws_iam_role.execution-role[0].arn : local.role_arns["execution"]

  container_definitions = jsonencode([
    {
      name       = "service"
      image      = local.image
      essential  = true
      entryPoint = ["python3", "-m", "hybrid_service.task", "--"]
      command    = var.service.command
      environment = [
        for key, value in local.variables : { name = key, value = value } if value != ""
      ]
      portMappings = [{ containerPort = var.service.port, hostPort = var.service.port, protocol = "tcp" }]
      mountPoints = [
        { sourceVolume = "data", containerPath = "/data", readOnly = false },
        { sourceVolume = "scratch", containerPath = "/tmp", readOnly = false },
      ]
      readonlyRootFilesystem = true
      linuxParameters        = { initProcessEnabled = true, capabilities = { drop = ["ALL"] } }
      stopTimeout            = 120
      logConfiguration = {
        logDriver = "awslogs"
        options = {
          "awslogs-group"         = aws_cloudwatch_log_group.logs.name
          "awslogs-region"        = var.place.region
          "awslogs-stream-prefix" = "task"
        }
      }
    },
  ])

  ephemeral_storage {
    size_in_gib = var.service.ephemeral_storage
  }

  runtime_platform {
    cpu_architecture        = upper(var.service.architecture)
    operating_system_family = "LINUX"
  }

  volume {
    name = "data"
  }

  volume {
    name = "scratch"
  }

  # Clients find the former revision until the settings name the new one. All that this depends on
  # is replaced so, too: no layer, no approval, no release is.
  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_s3_object" "settings" {
  bucket       = aws_s3_bucket.data_bucket.bucket
  key          = "${local.prefix}service.json"
  content_type = "application/json"
  content = jsonencode({
    cluster         = aws_ecs_cluster.cluster.name
    task_definition = aws_ecs_task_definition.task.arn
    container       = "service"
    subnets         = local.subnets
    security_groups = [aws_security_group.tasks-group.id]
    public_address  = var.service.public_address
    health          = var.service.health
    start           = var.service.start
    starts_an_hour  = var.service.starts_an_hour
  })

  lifecycle {
    precondition {
      condition     = var.not_there == ""
      error_message = var.not_there
    }
  }

  depends_on = [
    aws_s3_bucket_public_access_block.data_private,
    aws_s3_bucket_ownership_controls.data_ownership,
    aws_s3_bucket_server_side_encryption_configuration.data_encryption,
    aws_s3_bucket_versioning.data_versioning,
    aws_s3_bucket_policy.data_policy,
    aws_s3_bucket_logging.data_access,
  ]
}

# prevent_destroy takes no variable. This goes before all the rest does, or keeps it from going: else
# a destroy would take everything away before S3 refuses to delete a bucket that is not empty.
resource "terraform_data" "keeper" {
  input = var.service.force_destroy ? "echo deleting the data of ${local.name}" : "echo The data of ${local.name} is kept: apply force_destroy = true first. && exit 1"

  depends_on = [
    aws_s3_object.settings,
    aws_s3_bucket_lifecycle_configuration.data_lifecycle,
    aws_ecr_lifecycle_policy.image-lifecycle,
    aws_iam_role_policy.task-policy,
    aws_iam_role_policy.execution-policy,
    aws_vpc_security_group_ingress_rule.from-clients,
    aws_vpc_security_group_egress_rule.to-tasks,
    aws_vpc_security_group_egress_rule.clients-to-aws,
    aws_vpc_security_group_egress_rule.tasks-to-aws,
  ]

  lifecycle {
    replace_triggered_by = [aws_s3_bucket.data_bucket.id]
  }

  provisioner "local-exec" {
    when    = destroy
    command = self.input
  }
}
