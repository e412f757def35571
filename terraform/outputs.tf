# Written from the constructs in modules/layer: make module

output "arns" {
  description = "The ARNs of the published layer versions, for a function's `layers`"
  value = {
    for name in keys(local.layers) : name => local.layer_answer[name].status == "building" && local.layer_answer[name].layer_arn == "" ? "arn:${local.build_place.partition}:lambda:${local.build_place.region}:${local.build_place.account}:layer:${local.layer_name[name]}:no-version-yet" : local.layer_answer[name].layer_arn if !local.layers[name].image
  }
}

output "image_uris" {
  description = "The images of layers that are images, for `image_uri`"
  value = {
    for name in keys(local.layers) : name => local.layer_answer[name].status == "building" && local.layer_answer[name].image_uri == "" ? "${local.build_place.account}.dkr.ecr.${local.build_place.region}.amazonaws.com/${local.layer_name[name]}:no-version-yet" : local.layer_answer[name].image_uri if local.layers[name].image
  }
}

output "versions" {
  description = "The numbers of the published layer versions"
  value = {
    for name in keys(local.layers) : name => try(tonumber(local.layer_answer[name].version), one([]))
  }
}

output "fingerprints" {
  description = "The fingerprints of what was published"
  value = {
    for name in keys(local.layers) : name => local.layer_answer[name].fingerprint
  }
}

output "statuses" {
  description = "How the layers are: current, building, failed, missing, stale, ..."
  value = {
    for name in keys(local.layers) : name => local.layer_answer[name].status
  }
}

output "reasons" {
  description = "Why a layer is rebuilt, or why it was built last"
  value = {
    for name in keys(local.layers) : name => contains(["unmoved", "unshared"], local.layer_plan[name].status) ? local.layer_answer[name].reason : local.layer_plan[name].reason
  }
}

output "layers" {
  description = "All that there is to know of each layer"
  value = {
    for name in keys(local.layers) : name => {
      for key, value in {
        fingerprint   = local.layer_answer[name].fingerprint
        functions     = local.layer_answer[name].functions
        layer_arn     = local.layer_answer[name].layer_arn
        packages      = try(tonumber(local.layer_answer[name].packages), one([]))
        reason        = contains(["unmoved", "unshared"], local.layer_plan[name].status) ? local.layer_answer[name].reason : local.layer_plan[name].reason
        status        = local.layer_answer[name].status
        unzipped_size = try(tonumber(local.layer_answer[name].unzipped_size), one([]))
        version       = try(tonumber(local.layer_answer[name].version), one([]))
        zipped_size   = try(tonumber(local.layer_answer[name].zipped_size), one([]))
        image_uri     = local.layer_answer[name].image_uri
      } : key => value if key != (local.layers[name].image ? "layer_arn" : "image_uri")
    }
  }

  precondition {
    condition     = length([for name in keys(local.layers) : "Layer ${name} has no release of what is planned (status ${local.layer_answer[name].status}: ${contains(["unmoved", "unshared"], local.layer_plan[name].status) ? local.layer_answer[name].reason : local.layer_plan[name].reason}). Run terraform apply without -target, -refresh-only or an old plan file; it builds what is missing." if !(contains(["current", "building", "pinned"], local.layer_answer[name].status) || ((try(aws_s3_object.layer_approval[name].content, "none") != local.layer_plan[name].token) && startswith(local.layer_answer[name].layer_arn, "arn:")))]) == 0
    error_message = join("\n", [for name in keys(local.layers) : "Layer ${name} has no release of what is planned (status ${local.layer_answer[name].status}: ${contains(["unmoved", "unshared"], local.layer_plan[name].status) ? local.layer_answer[name].reason : local.layer_plan[name].reason}). Run terraform apply without -target, -refresh-only or an old plan file; it builds what is missing." if !(contains(["current", "building", "pinned"], local.layer_answer[name].status) || ((try(aws_s3_object.layer_approval[name].content, "none") != local.layer_plan[name].token) && startswith(local.layer_answer[name].layer_arn, "arn:")))])
  }
}

output "services" {
  description = "What functions need to use each service, and where it is (terraform/service/outputs.tf)"
  value       = { for name, service in module.service : name => service }
}

output "bucket" {
  description = "The bucket of inputs, artifacts and records"
  value       = aws_s3_bucket.build_bucket.bucket
}

output "project" {
  description = "The CodeBuild project"
  value       = aws_codebuild_project.build_project.name
}

output "log_group" {
  description = "The log group of all builds"
  value       = aws_cloudwatch_log_group.build_logs.name
}
