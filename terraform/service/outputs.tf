# The same that the construct's output has.

output "environment" {
  description = "The variable that a function must have"
  value       = { "HYBRID_SERVICE_${upper(replace(var.name, "-", "_"))}" = "s3://${local.bucket}/${local.prefix}" }
}

output "client_security_group" {
  description = "The security group that a function must have"
  value       = aws_security_group.clients-group.id
}

output "client_policy" {
  description = "The policy document that a function's role must have, as JSON"
  value       = jsonencode(local.client_policy)
}

output "repository_url" {
  description = "Where an image is to be pushed, \"\" if a layer is it, or it is elsewhere"
  value       = local.repository_url
}

output "bucket" {
  description = "The bucket of the data"
  value       = local.bucket
}

output "cluster" {
  description = "The ECS cluster"
  value       = local.name
}

output "log_group" {
  description = "The log group of the tasks"
  value       = local.log_group
}
