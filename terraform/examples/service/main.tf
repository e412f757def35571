# A package that is too large for a layer: a service, the thin layer with its client, and a function.
# The layer server is the image of the service: plan and apply build it (docs/hybrid.md).

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
  region = "eu-west-1"
}

variable "vpc" {
  description = "The VPC of the function and the task"
  type        = string
}

variable "subnets" {
  description = "Subnets with a way to S3, ECS, ECR and CloudWatch Logs"
  type        = list(string)
}

module "layers" {
  source = "../.."

  app = "search"
  layers = {
    # Written by: lambda-layer client client
    client = { package = "client", python = ["3.13"], architecture = "arm64" }
    server = { dependencies = ["chromadb==1.5.9"], python = ["3.13"], architecture = "arm64", image = true }
  }
  services = {
    chroma = {
      layer   = "server"
      command = ["chroma", "run", "--host", "127.0.0.1", "--port", "{port}", "--path", "{data}"]
      health  = "/api/v2/heartbeat"
      vpc     = var.vpc
      subnets = var.subnets
    }
  }
}

resource "aws_lambda_function" "api" {
  function_name = "search-api"
  role          = aws_iam_role.api.arn
  runtime       = "python3.13"
  architectures = ["arm64"]
  handler       = "api.handler"
  timeout       = 300
  filename      = "${path.module}/functions.zip" # (cd functions && zip ../functions.zip *.py)
  layers        = [module.layers.arns["client"]]

  environment {
    variables = module.layers.services["chroma"].environment
  }

  vpc_config {
    subnet_ids         = var.subnets
    security_group_ids = [module.layers.services["chroma"].client_security_group]
  }
}

resource "aws_iam_role" "api" {
  name = "search-api"
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

resource "aws_iam_role_policy" "service" {
  name   = "chroma"
  role   = aws_iam_role.api.name
  policy = module.layers.services["chroma"].client_policy
}

# A function in a VPC needs an interface there, and every function its log.
resource "aws_iam_role_policy_attachment" "vpc" {
  role       = aws_iam_role.api.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole"
}

output "repository" {
  description = "Where the image is to be pushed"
  value       = module.layers.services["chroma"].repository_url
}
