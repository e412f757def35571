# One application in two regions: a bucket, a project and layer versions in each.

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

provider "aws" {
  alias  = "america"
  region = "us-east-1"
}

locals {
  layers = {
    web = { dependencies = ["requests>=2.32"], python = ["3.13"], architecture = "arm64" }
  }
}

module "europe" {
  source = "../.."

  app    = "catalog"
  layers = local.layers
}

module "america" {
  source    = "../.."
  providers = { aws = aws.america }

  app    = "catalog"
  layers = local.layers
}

output "arns" {
  description = "The layers of each region"
  value       = { europe = module.europe.arns, america = module.america.arns }
}
