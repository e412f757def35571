# The layers of a project that has functions already. Its sources lie above this folder:
#
#   project/
#     pyproject.toml, uv.lock     what the layer is made of
#     infra/main.tf               this file

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
  profile = var.profile
  assume_role {
    role_arn = var.deploy_role
  }
}

variable "profile" {
  description = "A profile of the AWS configuration"
  type        = string
}

variable "deploy_role" {
  description = "The role that deploys"
  type        = string
}

module "layers" {
  source = "../.."

  app  = "legacy"
  root = "${path.root}/.."

  # lambda-layer has to work with the provider's credentials.
  profile         = var.profile
  assume_role_arn = var.deploy_role

  layers = {
    # A function that Terraform does not manage moves to each new version by its name; one must
    # not do both, name it here and set its layers in Terraform.
    main = {
      package      = "."
      python       = ["3.12"]
      architecture = "x86_64"
      exclude      = ["infra/", "tests/"]
      functions    = ["legacy-importer", "tag:layer=main"]
      keep         = 5
    }
  }
}

# A function that Terraform manages gets the ARN as a value.
resource "aws_lambda_function" "api" {
  function_name = "legacy-api"
  role          = var.function_role
  runtime       = "python3.12"
  architectures = ["x86_64"]
  handler       = "api.handler"
  filename      = var.code
  layers        = [module.layers.arns["main"], "arn:aws:lambda:eu-west-1:012345678901:layer:tracing:7"]
}

variable "function_role" {
  description = "The role of the function"
  type        = string
}

variable "code" {
  description = "The zip with the function's code"
  type        = string
}
