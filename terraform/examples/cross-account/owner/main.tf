# The account that owns the layers lets another one use them.

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

variable "reader" {
  description = "The account that may use the layers"
  type        = string
}

module "layers" {
  source = "../../.."

  app             = "platform"
  retain_versions = true # functions of others have them
  layers = {
    common = { dependencies = ["requests>=2.32"], python = ["3.13"], architecture = "arm64" }
  }
}

# A permission is one version's, so each new version gets its own; those of before stay.
resource "aws_lambda_layer_version_permission" "reader" {
  for_each = module.layers.arns

  layer_name     = "platform-${each.key}"
  version_number = module.layers.versions[each.key]
  statement_id   = "reader-${var.reader}"
  principal      = var.reader
  action         = "lambda:GetLayerVersion"
  skip_destroy   = true
}

output "arns" {
  description = "What the reader's functions have"
  value       = module.layers.arns
  depends_on  = [aws_lambda_layer_version_permission.reader]
}
