# What is too large for a layer: each service by itself, as the construct HybridService makes it.

module "service" {
  source   = "./service"
  for_each = module.described.services

  name               = each.key
  service            = each.value
  app                = var.app
  place              = local.build_place
  log_retention_days = var.log_retention_days

  kms_key              = var.kms_key
  permissions_boundary = var.permissions_boundary
  access_logs          = var.access_logs
  network              = { vpc = one(var.vpc[*].id), subnets = flatten(var.vpc[*].subnets) }
}
