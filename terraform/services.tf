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

  # LambdaLayer.image_is_there has the same.
  service_image_problem = {
    for name, service in module.described.services : name => (
      !contains(keys(local.layers), service.layer) ? "" :
      local.layer_answer[service.layer].image_by_tag == local.layer_plan[service.layer].image_by_tag ? "" :
      try(aws_s3_object.layer_approval[service.layer].content, "none") != local.layer_plan[service.layer].token ? "" :
      "The image of layer ${service.layer} that was planned is not there: planned was ${local.layer_plan[service.layer].image_by_tag}, and released is ${local.layer_answer[service.layer].image_by_tag}. Who uses it goes on with the former one. Plan and apply again."
    )
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

  # Of a layer that is its image, by the tag that is planned; the layer is retired after its tasks
  # have ended.
  image      = try(local.layer_plan[each.value.layer].image_by_tag, "")
  not_there  = local.service_image_problem[each.key]
  retirement = try(terraform_data.build_retire[each.value.layer].id, "")
  problem    = local.service_problem[each.key]

  kms_key              = var.kms_key
  permissions_boundary = var.permissions_boundary
  role_path            = var.role_path
  role_mark            = local.role_mark
  makes_roles          = var.roles == "create"
  access_logs          = var.access_logs
  network              = { vpc = one(var.vpc[*].id), subnets = flatten(var.vpc[*].subnets) }
}
