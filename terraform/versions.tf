# Written from the constructs in modules/layer: make module

terraform {
  required_version = ">= 1.4.0"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 6.22.0"
    }
    external = {
      source  = "hashicorp/external"
      version = ">= 2.2.3"
    }
  }
}
