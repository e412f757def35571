terraform {
  required_version = ">= 1.4"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 6.22, < 7"
    }
  }
}

provider "aws" {
  region = var.region
}

variable "region" {
  description = "Where everything is"
  type        = string
  default     = "eu-central-1"
}

variable "app" {
  description = "Names everything: two applications can share an account"
  type        = string
  default     = "orders"
}

module "layers" {
  source = "../.."

  app = var.app
  defaults = {
    python       = ["3.13"]
    architecture = "arm64"
  }
  layers = {
    web    = { requirements = ["requirements.txt"] }
    shared = { package = "shared", description = "What all functions share" }
  }
}

locals {
  # Each function, and the layers that it has.
  functions = {
    api    = ["web", "shared"]
    jobs   = ["shared"]
    report = ["web"]
  }
}

resource "aws_lambda_function" "all" {
  for_each = local.functions

  function_name    = "${var.app}-${each.key}"
  role             = aws_iam_role.functions.arn
  runtime          = "python3.13"
  architectures    = ["arm64"]
  handler          = "${each.key}.handler"
  filename         = "${path.module}/functions.zip" # (cd functions && zip ../functions.zip *.py)
  source_code_hash = filebase64sha256("${path.module}/functions.zip")
  layers           = [for layer in each.value : module.layers.arns[layer]]
}

resource "aws_iam_role" "functions" {
  name = "${var.app}-functions"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect    = "Allow"
        Action    = "sts:AssumeRole"
        Principal = { Service = "lambda.amazonaws.com" }
      },
    ]
  })
}

output "layers" {
  description = "The layer versions that the functions have"
  value       = module.layers.arns
}
