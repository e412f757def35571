# What is too large for a layer: each service by itself, as the construct HybridService makes it.

locals {
  # What only the whole can say: builder/spec/service_layers.py has the same for layers.toml.
  service_problem = {
    for name, service in module.described.services : name => join(". ", compact([
      service.layer != "" && !contains(keys(local.layers), service.layer) ? "There is no layer ${service.layer}: name one with image = true, of ${join(", ", keys(local.layers))}" : "",
      try(local.layers[service.layer].image, true) ? "" : "Its layer ${service.layer} is a layer of Lambda, and no image: add image = true to it",
      service.architecture == "" || try(local.layers[service.layer].architecture, service.architecture) == service.architecture ? "" : "It runs on ${service.architecture}, and its layer ${service.layer} is for ${local.layers[service.layer].architecture}: take architecture out of the service",
    ]))
  }
}

module "service" {
  source   = "./service"
  for_each = module.described.services

  name               = each.key
  service            = merge(each.value, { architecture = coalesce(each.value.architecture, try(local.layers[each.value.layer].architecture, null), "arm64") })
  app                = var.app
  place              = local.build_place
  log_retention_days = var.log_retention_days

  # Of a layer that is its image; the layer is retired after its tasks have ended.
  image_uri  = try(local.layer_answer[each.value.layer].image_uri, "")
  retirement = try(terraform_data.build_retire[each.value.layer].id, "")
  problem    = local.service_problem[each.key]

  kms_key              = var.kms_key
  permissions_boundary = var.permissions_boundary
  role_path            = var.role_path
  role_mark            = local.role_mark
  access_logs          = var.access_logs
  network              = { vpc = one(var.vpc[*].id), subnets = flatten(var.vpc[*].subnets) }
}
