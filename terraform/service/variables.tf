# What the module around this one hands on; its own variables have the rules.

variable "app" {
  description = "The application's name"
  type        = string
}

variable "name" {
  description = "The service's name"
  type        = string
}

variable "service" {
  description = "What is said of the service (../described)"
  type        = any
}

variable "image" {
  description = "The image of its layer by the tag that is planned, or nothing"
  type        = string
}

variable "not_there" {
  description = "Why that image is not there once its layer is released, or nothing"
  type        = string
}

variable "retirement" {
  description = "What removes the images of its layer, or nothing"
  type        = string
}

variable "problem" {
  description = "Why its layer cannot be its image, or nothing"
  type        = string
}

variable "place" {
  description = "Account, region and partition, known at plan"
  type        = object({ account = string, region = string, partition = string })
}

variable "log_retention_days" {
  description = "How long the log is kept, in days; 0 is for ever"
  type        = number
}

variable "kms_key" {
  description = "The KMS key that encrypts bucket, images and logs, or nothing"
  type        = string
}

variable "permissions_boundary" {
  description = "The permissions boundary of both roles, or nothing"
  type        = string
}

variable "role_path" {
  description = "The path of both roles"
  type        = string
}

variable "role_mark" {
  description = "What the names of both roles have of their path and of who makes them"
  type        = string
}

variable "makes_roles" {
  description = "Whether both roles are made here, and not by an administrator"
  type        = bool
}

variable "access_logs" {
  description = "The bucket that gets S3's access logs, or nothing"
  type        = string
}

variable "network" {
  description = "The network of a service that names none"
  type        = object({ vpc = string, subnets = list(string) })
}
