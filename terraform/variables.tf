# Written from the constructs in modules/layer: make module

variable "app" {
  description = "Names the bucket, the CodeBuild project and the layers: APP-LAYER in Lambda"
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^(?:[a-z][a-z0-9-]{0,26}[a-z0-9])$", var.app))
    error_message = "app has 2 to 28 lower-case letters, digits and hyphens, a letter first."
  }
}

variable "layers" {
  description = "The layers by name, with the keys of layers.toml (docs/layers-toml.md)"
  type        = any
  nullable    = false

  validation {
    condition     = length(flatten([[for name, each in var.layers : [for key in concat([for key in try(keys(each), []) : key if !contains(["package", "requirements", "dependencies", "extras", "python", "architecture", "architectures", "split", "layer_name", "image", "base", "supervisor", "description", "exclude", "slim", "functions", "share", "parameter", "may_fail", "system_packages", "pre_install", "include", "indexes", "exclude_newer", "licences", "compute", "images", "keep", "size_check"], key)], [for key in try(keys(each.licences), []) : "licences.${key}" if !contains(["allow", "deny"], key)]) : "${name}.${key}"]]])) == 0
    error_message = "layers has no ${join(", ", flatten([[for name, each in var.layers : [for key in concat([for key in try(keys(each), []) : key if !contains(["package", "requirements", "dependencies", "extras", "python", "architecture", "architectures", "split", "layer_name", "image", "base", "supervisor", "description", "exclude", "slim", "functions", "share", "parameter", "may_fail", "system_packages", "pre_install", "include", "indexes", "exclude_newer", "licences", "compute", "images", "keep", "size_check"], key)], [for key in try(keys(each.licences), []) : "licences.${key}" if !contains(["allow", "deny"], key)]) : "${name}.${key}"]]]))}. The keys are package, requirements, dependencies, extras, python, architecture, architectures, split, layer_name, image, base, supervisor, description, exclude, slim, functions, share, parameter, may_fail, system_packages, pre_install, include, indexes, exclude_newer, licences, compute, images, keep, size_check."
  }
}

variable "defaults" {
  description = "What holds for every layer that does not say otherwise"
  type        = any
  default     = {}
  nullable    = false

  validation {
    condition     = length(flatten([[for key in try(keys(var.defaults), []) : key if !contains(["python", "architecture", "architectures", "split", "exclude", "slim", "functions", "share", "system_packages", "include", "indexes", "exclude_newer", "licences", "compute", "images", "keep", "size_check"], key)], [for key in try(keys(var.defaults.licences), []) : "licences.${key}" if !contains(["allow", "deny"], key)]])) == 0
    error_message = "defaults has no ${join(", ", flatten([[for key in try(keys(var.defaults), []) : key if !contains(["python", "architecture", "architectures", "split", "exclude", "slim", "functions", "share", "system_packages", "include", "indexes", "exclude_newer", "licences", "compute", "images", "keep", "size_check"], key)], [for key in try(keys(var.defaults.licences), []) : "licences.${key}" if !contains(["allow", "deny"], key)]]))}. The keys are python, architecture, architectures, split, exclude, slim, functions, share, system_packages, include, indexes, exclude_newer, licences, compute, images, keep, size_check."
  }
}

variable "indexes" {
  description = "Private package indexes by name; no password is ever a value here (docs/inputs.md)"
  type        = any
  default     = {}
  nullable    = false

  validation {
    condition     = length(flatten([[for name, each in var.indexes : [for key in concat([for key in try(keys(each), []) : key if !contains(["url", "username", "secret", "codeartifact", "default"], key)], [for key in try(keys(each.codeartifact), []) : "codeartifact.${key}" if !contains(["domain", "owner", "repository", "region"], key)]) : "${name}.${key}"]]])) == 0
    error_message = "indexes has no ${join(", ", flatten([[for name, each in var.indexes : [for key in concat([for key in try(keys(each), []) : key if !contains(["url", "username", "secret", "codeartifact", "default"], key)], [for key in try(keys(each.codeartifact), []) : "codeartifact.${key}" if !contains(["domain", "owner", "repository", "region"], key)]) : "${name}.${key}"]]]))}. The keys are url, username, secret, codeartifact, default."
  }
}

variable "services" {
  description = "Hybrid services by name, for what is too large for a layer (docs/hybrid.md)"
  type        = any
  default     = {}
  nullable    = false

  validation {
    condition     = length(flatten([[for name, each in var.services : [for key in concat([for key in try(keys(each), []) : key if !contains(["command", "layer", "image_tag", "image", "health", "port", "cpu", "memory", "architecture", "ephemeral_storage", "vpc", "subnets", "public_address", "interval", "idle", "lifetime", "start", "starts_an_hour", "noncurrent_days", "force_destroy"], key)]) : "${name}.${key}"]]])) == 0
    error_message = "services has no ${join(", ", flatten([[for name, each in var.services : [for key in concat([for key in try(keys(each), []) : key if !contains(["command", "layer", "image_tag", "image", "health", "port", "cpu", "memory", "architecture", "ephemeral_storage", "vpc", "subnets", "public_address", "interval", "idle", "lifetime", "start", "starts_an_hour", "noncurrent_days", "force_destroy"], key)]) : "${name}.${key}"]]]))}. The keys are command, layer, image_tag, image, health, port, cpu, memory, architecture, ephemeral_storage, vpc, subnets, public_address, interval, idle, lifetime, start, starts_an_hour, noncurrent_days, force_destroy."
  }
}

variable "root" {
  description = "The folder that paths are relative to; path.root if it is null. A module of yours that calls this one passes its own path.module"
  type        = string
  default     = null
}

variable "account" {
  description = "The account of the layers; refused where the aws provider works in another one. It is asked where it is null"
  type        = string
  default     = null

  validation {
    condition     = var.account == null || can(regex("^(?:[0-9]{12})$", var.account))
    error_message = "account is 12 digits, such as 123456789012."
  }
}

variable "region" {
  description = "The region of the layers, such as that of the provider that makes the functions; refused where the module's aws provider works in another one. It is asked where it is null"
  type        = string
  default     = null

  validation {
    condition     = var.region == null || can(regex("^(?:[a-z]{2,}(-[a-z]+)+-[0-9]+)$", var.region))
    error_message = "region is a region such as eu-west-1."
  }
}

variable "partition" {
  description = "The partition of the layers; refused where the aws provider works in another one. It is asked where it is null"
  type        = string
  default     = null

  validation {
    condition     = var.partition == null || can(regex("^(?:aws(-[a-z]+)*)$", var.partition))
    error_message = "partition is aws, aws-cn, aws-us-gov or another partition."
  }
}

variable "command" {
  description = "How Terraform runs the builder, a word an item: it must be on the PATH, or be a path"
  type        = list(string)
  default     = ["lambda-layer"]
  nullable    = false

  validation {
    condition     = length(var.command) > 0
    error_message = "command has a word, such as [\"lambda-layer\"]."
  }
}

variable "profile" {
  description = "The profile of the aws provider, so that the builder uses the same account"
  type        = string
  default     = ""
  nullable    = false
}

variable "assume_role_arn" {
  description = "The role that the aws provider assumes, so that the builder uses the same account"
  type        = string
  default     = ""
  nullable    = false
}

variable "assume_role" {
  description = "The provider's blocks assume_role, one after the other, with all that is in them"
  type = list(object({
    role_arn            = string
    session_name        = optional(string)
    external_id         = optional(string)
    duration            = optional(string)
    policy              = optional(string)
    policy_arns         = optional(list(string))
    source_identity     = optional(string)
    tags                = optional(map(string))
    transitive_tag_keys = optional(list(string))
  }))
  default  = []
  nullable = false
}

variable "assume_role_with_web_identity" {
  description = "The provider's block assume_role_with_web_identity, which comes before the others"
  type = list(object({
    role_arn                = string
    web_identity_token_file = string
    session_name            = optional(string)
    duration                = optional(string)
    policy                  = optional(string)
    policy_arns             = optional(list(string))
  }))
  default  = []
  nullable = false
}

variable "force_rebuild" {
  description = "Build every layer again, once"
  type        = bool
  default     = false
  nullable    = false
}

variable "debug_mode" {
  description = "Show every command of builds in their logs"
  type        = bool
  default     = false
  nullable    = false
}

variable "sync_mode" {
  description = "Whether apply waits for builds; without it a function finishes releases (docs/async.md)"
  type        = bool
  default     = true
  nullable    = false
}

variable "async" {
  description = "Have the function that finishes releases though sync_mode is true"
  type        = bool
  default     = false
  nullable    = false
}

variable "tracing" {
  description = "Whether X-Ray traces that function"
  type        = bool
  default     = false
  nullable    = false
}

variable "retain_versions" {
  description = "Keep the published versions when a layer is removed or destroyed. It must be applied before"
  type        = bool
  default     = false
  nullable    = false
}

variable "log_retention_days" {
  description = "How long logs of builds are kept, in days; 0 is for ever"
  type        = number
  default     = 30
  nullable    = false
}

variable "build_timeout_minutes" {
  description = "When a build is given up, in minutes"
  type        = number
  default     = 60
  nullable    = false

  validation {
    condition     = var.build_timeout_minutes >= 5 && var.build_timeout_minutes <= 2160
    error_message = "build_timeout_minutes is between 5 and 2160 (AWS CodeBuild API reference, CreateProject)."
  }
}

variable "compute_type" {
  description = "CodeBuild's compute type of builds"
  type        = string
  default     = "BUILD_GENERAL1_SMALL"
  nullable    = false
}

variable "bundle_days" {
  description = "How long the inputs of builds are kept, in days"
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = var.bundle_days >= 1
    error_message = "bundle_days is 1 or more."
  }
}

variable "noncurrent_days" {
  description = "How long overwritten and deleted objects of the bucket are kept, in days"
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = var.noncurrent_days >= 1
    error_message = "noncurrent_days is 1 or more."
  }
}

variable "force_destroy" {
  description = "Destroy the bucket even if something is in it; all of it can be built again"
  type        = bool
  default     = true
  nullable    = false
}

variable "kms_key" {
  description = "The KMS key that encrypts bucket and logs (docs/security.md)"
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = var.kms_key == "" || can(regex("^(?:arn:[a-z-]+:kms:[a-z0-9-]+:\\d{12}:key/[A-Za-z0-9-]{1,128})$", var.kms_key))
    error_message = "kms_key is empty, or such as arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab."
  }
}

variable "permissions_boundary" {
  description = "The permissions boundary of every role"
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = var.permissions_boundary == "" || can(regex("^(?:arn:[a-z-]+:iam::(\\d{12}|aws):policy/[\\w+=,.@/-]{1,512})$", var.permissions_boundary))
    error_message = "permissions_boundary is empty, or such as arn:aws:iam::123456789012:policy/boundary."
  }
}

variable "access_logs" {
  description = "The bucket that gets S3's access logs, below the name of the application's bucket. Its name must be known at plan"
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = var.access_logs == "" || can(regex("^(?:[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])$", var.access_logs))
    error_message = "access_logs is empty, or such as company-access-logs."
  }
}

variable "signing_key" {
  description = "The KMS key that signs what is published (docs/security.md)"
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = var.signing_key == "" || can(regex("^(?:arn:[a-z-]+:kms:[a-z0-9-]+:\\d{12}:key/[A-Za-z0-9-]{1,128})$", var.signing_key))
    error_message = "signing_key is empty, or such as arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab."
  }
}

variable "notify" {
  description = "The SNS topic that hears of failed builds (async mode)"
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = var.notify == "" || can(regex("^(?:arn:[a-z-]+:sns:[a-z0-9-]+:\\d{12}:[a-zA-Z0-9_-]{1,256})$", var.notify))
    error_message = "notify is empty, or such as arn:aws:sns:eu-west-1:123456789012:builds."
  }
}

variable "dead_letter" {
  description = "The queue or topic for events that the function which finishes releases cannot deal with"
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = var.dead_letter == "" || can(regex("^(?:arn:[a-z-]+:(sqs|sns):[a-z0-9-]+:\\d{12}:[A-Za-z0-9_-]{1,256})$", var.dead_letter))
    error_message = "dead_letter is empty, or such as arn:aws:sqs:eu-west-1:123456789012:dead."
  }
}

variable "code_signing" {
  description = "The code signing configuration of that function"
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = var.code_signing == "" || can(regex("^(?:arn:[a-z-]+:lambda:[a-z0-9-]+:\\d{12}:code-signing-config:csc-[a-z0-9]{17})$", var.code_signing))
    error_message = "code_signing is empty, or such as arn:aws:lambda:eu-west-1:123456789012:code-signing-config:csc-0123456789abcdef0."
  }
}

variable "role_path" {
  description = "The path of every role"
  type        = string
  default     = "/"
  nullable    = false

  validation {
    condition     = can(regex("^(?:/([\\w+=,.@-]{1,128}/){0,3})$", var.role_path))
    error_message = "role_path is up to three names between slashes, such as /teams/data/."
  }
}

variable "roles" {
  description = "Who makes the roles: create has the module make them, existing leaves it to an administrator (docs/security.md)"
  type        = string
  default     = "create"
  nullable    = false

  validation {
    condition     = contains(["create", "existing"], var.roles)
    error_message = "roles is create or existing."
  }
}

variable "vpc" {
  description = "The network of builds, with a way to package indexes and AWS. Layers must have compute = \"container\", which they have by themselves"
  type = object({
    id              = string
    subnets         = list(string)
    security_groups = list(string)
  })
  default = null

  validation {
    condition     = var.vpc == null || try(length(var.vpc.id) > 0 && alltrue([for id in flatten([var.vpc.id]) : can(regex("^(?:vpc-[0-9a-f]{8,17})$", id))]), false)
    error_message = "vpc.id has identifiers such as vpc-[0-9a-f]{8,17}."
  }

  validation {
    condition     = var.vpc == null || try(length(var.vpc.subnets) > 0 && alltrue([for id in flatten([var.vpc.subnets]) : can(regex("^(?:subnet-[0-9a-f]{8,17})$", id))]), false)
    error_message = "vpc.subnets has identifiers such as subnet-[0-9a-f]{8,17}."
  }

  validation {
    condition     = var.vpc == null || try(length(var.vpc.security_groups) > 0 && alltrue([for id in flatten([var.vpc.security_groups]) : can(regex("^(?:sg-[0-9a-f]{8,17})$", id))]), false)
    error_message = "vpc.security_groups has identifiers such as sg-[0-9a-f]{8,17}."
  }
}
