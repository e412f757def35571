# What the builder is asked about each layer, made of what the caller says.

locals {
  root = var.root == null ? path.root : var.root

  # One layer, or with split one a target.
  layer_parts = concat(
    [
      for name, layer in local.layer_merged : {
        name         = name
        of           = name
        python       = layer.python
        architecture = length(layer.architectures) == 1 ? layer.architectures[0] : null
      }
      if layer.split == null
    ],
    flatten([
      for name, layer in local.layer_merged : [
        for target in setproduct(distinct(coalesce(layer.python, [])), distinct(layer.architectures)) : {
          name         = "${name}-python${replace(target[0], ".", "")}-${replace(target[1], "_", "-")}"
          of           = name
          python       = [target[0]]
          architecture = target[1]
        }
      ]
      if layer.split != null
    ]),
  )

  layer_homonyms = { for part in local.layer_parts : part.name => part... }

  # The images that services have.
  layer_served = {
    for name, parts in local.layer_homonyms : name =>
    local.layer_merged[parts[0].of].image && (local.layer_merged[parts[0].of].supervisor || contains(values(module.described.services)[*].layer, name))
  }

  # In place of one that is not described, which layer_problems refuses.
  no_index = { url = "", username = "", secret = "", codeartifact = null, default = false }

  # As builder/spec/layer_spec.py has it.
  layers = {
    for name, parts in local.layer_homonyms : name => merge(local.layer_merged[parts[0].of], {
      name         = name
      python       = parts[0].python
      architecture = parts[0].architecture
      indexes = [
        for index in local.layer_merged[parts[0].of].indexes :
        merge(local.no_index, try(module.described.indexes[index], {}), { name = index })
      ]
      supervisor = local.layer_served[name] || local.layer_merged[parts[0].of].supervisor
      base       = local.layer_served[name] ? coalesce(local.layer_merged[parts[0].of].base, "public.ecr.aws/docker/library/python:${try(parts[0].python[0], "")}-slim") : local.layer_merged[parts[0].of].base
      include    = local.layer_served[name] ? sort(distinct(concat(local.layer_merged[parts[0].of].include, ["bin"]))) : local.layer_merged[parts[0].of].include
    })
  }

  # What images may stand for, by the name that the caller has for the layer.
  layer_targets = {
    for name, layer in local.layer_merged : name => [
      for target in setproduct(coalesce(layer.python, []), layer.architectures) : "python${target[0]}-${target[1]}"
    ]
  }

  layer_spec = {
    for name, layer in local.layers : name => jsonencode({
      for key, value in layer : key => value if !contains(["architectures", "split"], key)
    })
  }

  # What only the whole can say; the rest is said by the plan hook, in the builder's own words.
  layer_problems = {
    for name, layer in local.layers : name => compact(concat(
      [
        length(local.layer_homonyms[name]) > 1 ? "two layers are named ${name}: rename one of them" : "",
        layer.python == null ? "python is neither in the layer nor in defaults" : "",
        length(layer.architectures) == 0 ? "architecture is neither in the layer nor in defaults" : "",
        length(layer.architectures) > 1 && layer.split == null ? "one layer cannot be for several architectures: add split = \"target\" for one layer a target" : "",
        layer.split != null && layer.parameter != "" ? "a layer that is split has one parameter: remove it, or write one layer for each target" : "",
        layer.split != null && layer.layer_name != "" ? "a layer that is split has one layer_name: remove it, or write one layer for each target" : "",
        length(local.layer_named[local.layer_name[name]]) > 1 ? "two layers have the name ${local.layer_name[name]} in Lambda: remove layer_name from one of them" : "",
        layer.parameter != "" && length(local.layer_parameters[layer.parameter]) > 1 ? "two layers have the parameter ${layer.parameter}: name another one in one of them" : "",
        var.vpc != null && layer.compute != "container" ? "compute is ${layer.compute}, and builds are to run in a VPC, which CodeBuild's Lambda compute does not know: take compute out, or vpc" : "",
        layer.split != null && length(layer.functions) > 0 ? "a layer that is split has functions: each could get one of the layers, not all" : "",
      ],
      [
        for entry in coalesce(module.described.layers[local.layer_homonyms[name][0].of].images, []) :
        layer.compute == "lambda" ? "images has ${entry}, and builds run on Lambda compute, which has its own: take images out, or compute" : "images has one for ${split("=", entry)[0]}, and the layer is not: take the entry out, or correct its target"
        if layer.compute == "lambda" || !contains(local.layer_targets[local.layer_homonyms[name][0].of], split("=", entry)[0])
      ],
      [
        for index in layer.indexes :
        "there is no index ${index.name} in var.indexes" if !contains(keys(module.described.indexes), index.name)
      ],
    ))
  }

  layer_name = {
    for name, layer in local.layers :
    name => layer.image ? "${var.app}/${name}" : layer.layer_name == "" ? "${var.app}-${name}" : layer.layer_name
  }

  # Which layers have a name in Lambda, and which a parameter: one each, or layer_problems says so.
  layer_named      = { for name, known in local.layer_name : known => name... }
  layer_parameters = { for name, layer in local.layers : layer.parameter => name... }

  # Those that are container images have a repository of ECR, which is named by layer_name.
  layer_images = { for name, layer in local.layers : name => layer if layer.image }

  # What resources are repeated over. Terraform reads all of it again for each instance, and a set, or
  # a map of settings, takes it many times as long.
  layer_names       = { for name in keys(local.layers) : name => name }
  layer_image_names = { for name in keys(local.layer_images) : name => name }

  # What names of roles have of their path and of who makes them, as builder/spec/app_spec.py has it.
  role_marked = "${var.role_path == "/" ? "" : var.role_path}${var.roles == "create" ? "" : var.roles}"
  role_mark   = local.role_marked == "" ? "" : "-${substr(sha256(local.role_marked), 0, 3)}"

  # What a layer is called in the name of its role, which has 64 characters at most.
  layer_short = {
    for name in keys(local.layers) :
    name => "${length(name) > 14 - length(local.role_mark) ? "${substr(name, 0, 7 - length(local.role_mark))}-${substr(sha256(name), 0, 6)}" : name}${local.role_mark}"
  }

  # The role of a layer's builds, known before it is made.
  layer_role_arn = {
    for name, short in local.layer_short : name =>
    "arn:${local.build_place.partition}:iam::${local.build_place.account}:role${var.role_path}${var.app}-${short}-${local.build_place.region}-build"
  }

  # Unknown in a plan that changes the layer's approval, and only then.
  layer_approved = { for name, approval in aws_s3_object.layer_approval : name => approval.version_id }
}
