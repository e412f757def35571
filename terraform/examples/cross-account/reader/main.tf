# An account whose functions have the layers of another one. It needs neither the module nor the
# command lambda-layer: only the ARNs, here from the owner's state.

terraform {
  required_version = ">= 1.4"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 6.22, < 7"
    }
  }
}

# A layer's functions are in the layer's region.
provider "aws" {
  region = "eu-west-1"
}

variable "owner_state" {
  description = "The file of the owner's state; for S3 see the backend of the same name"
  type        = string
}

variable "role" {
  description = "The role of the function"
  type        = string
}

variable "code" {
  description = "The zip with the function's code"
  type        = string
}

data "terraform_remote_state" "owner" {
  backend = "local"
  config  = { path = var.owner_state }
}

resource "aws_lambda_function" "api" {
  function_name = "reader-api"
  role          = var.role
  runtime       = "python3.13"
  architectures = ["arm64"]
  handler       = "api.handler"
  filename      = var.code
  layers        = [data.terraform_remote_state.owner.outputs.arns["common"]]
}
