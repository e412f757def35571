# Dev and prod of one application: a workspace, a name and a .tfvars for each.
#
#   terraform workspace new dev
#   terraform apply -var-file=dev.tfvars
#
# Names are global (buckets) or an account's (roles, layers), so the application's name has the
# workspace in it. The state of each workspace is its own; prod's can be elsewhere, see below.

terraform {
  required_version = ">= 1.4"

  # In S3 each workspace's state is a key of its own: env:/dev/layers, env:/prod/layers.
  # backend "s3" {
  #   bucket       = "my-state"
  #   key          = "layers"
  #   region       = "eu-west-1"
  #   use_lockfile = true
  # }

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 6.22, < 7"
    }
  }
}

provider "aws" {
  region = var.region
  default_tags {
    tags = { environment = terraform.workspace }
  }
}

variable "region" {
  description = "Where the environment is"
  type        = string
  default     = "eu-west-1"
}

variable "retain_versions" {
  description = "Whether published versions outlive the environment"
  type        = bool
}

variable "keep" {
  description = "Versions left after each release"
  type        = number
}

module "layers" {
  source = "../.."

  app             = "billing-${terraform.workspace}"
  retain_versions = var.retain_versions
  defaults = {
    python       = ["3.13"]
    architecture = "arm64"
    keep         = var.keep
  }
  layers = {
    web = { dependencies = ["requests>=2.32"] }
  }
}

output "arns" {
  description = "The layers of this environment"
  value       = module.layers.arns
}
