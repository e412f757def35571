# Written from the constructs in modules/layer: make module

variable "layers" {
  description = "The layers by name, with the keys of layers.toml (docs/layers-toml.md)"
  type = map(object({
    package         = optional(string)
    requirements    = optional(list(string), [])
    dependencies    = optional(list(string), [])
    extras          = optional(list(string), [])
    python          = optional(list(string))
    architecture    = optional(string)
    architectures   = optional(list(string))
    split           = optional(string)
    layer_name      = optional(string, "")
    image           = optional(bool, false)
    base            = optional(string, "")
    supervisor      = optional(bool, false)
    description     = optional(string, "")
    exclude         = optional(list(string))
    slim            = optional(list(string))
    functions       = optional(list(string))
    share           = optional(list(string))
    parameter       = optional(string, "")
    may_fail        = optional(list(string), [])
    system_packages = optional(list(string))
    pre_install     = optional(string)
    include         = optional(list(string))
    indexes         = optional(list(string))
    exclude_newer   = optional(string)
    licences = optional(object({
      allow = optional(list(string), [])
      deny  = optional(list(string), [])
    }))
    compute    = optional(string)
    images     = optional(list(string))
    keep       = optional(number)
    size_check = optional(string)
  }))
  nullable = false

  validation {
    condition     = length([for name in keys(var.layers) : name if !can(regex("^(?:[a-z][a-z0-9-]{0,62}[a-z0-9]|[a-z])$", name))]) == 0
    error_message = "The name of a layer has 1 to 64 lower-case letters, digits and hyphens, a letter first: ${join(", ", [for name in keys(var.layers) : name if !can(regex("^(?:[a-z][a-z0-9-]{0,62}[a-z0-9]|[a-z])$", name))])}."
  }

  validation {
    condition     = length([for name, each in var.layers : name if !(length(setsubtract(coalesce(each.python, []), ["3.9", "3.10", "3.11", "3.12", "3.13", "3.14"])) == 0)]) == 0
    error_message = "Of each layer python has only 3.9, 3.10, 3.11, 3.12, 3.13, 3.14; it is not so of ${join(", ", [for name, each in var.layers : name if !(length(setsubtract(coalesce(each.python, []), ["3.9", "3.10", "3.11", "3.12", "3.13", "3.14"])) == 0)])}."
  }

  validation {
    condition     = length([for name, each in var.layers : name if !(length(setsubtract(compact([each.architecture]), ["arm64", "x86_64"])) == 0)]) == 0
    error_message = "Of each layer architecture is one of arm64, x86_64; it is not so of ${join(", ", [for name, each in var.layers : name if !(length(setsubtract(compact([each.architecture]), ["arm64", "x86_64"])) == 0)])}."
  }

  validation {
    condition     = length([for name, each in var.layers : name if !(length(setsubtract(coalesce(each.architectures, []), ["arm64", "x86_64"])) == 0)]) == 0
    error_message = "Of each layer architectures has only arm64, x86_64; it is not so of ${join(", ", [for name, each in var.layers : name if !(length(setsubtract(coalesce(each.architectures, []), ["arm64", "x86_64"])) == 0)])}."
  }

  validation {
    condition     = length([for name, each in var.layers : name if !(length(setsubtract(compact([each.split]), ["target"])) == 0)]) == 0
    error_message = "Of each layer split is one of target; it is not so of ${join(", ", [for name, each in var.layers : name if !(length(setsubtract(compact([each.split]), ["target"])) == 0)])}."
  }

  validation {
    condition     = length([for name, each in var.layers : name if !(length(setsubtract(coalesce(each.slim, []), ["boto", "docs", "metadata", "stubs", "symbols", "tests"])) == 0)]) == 0
    error_message = "Of each layer slim has only boto, docs, metadata, stubs, symbols, tests; it is not so of ${join(", ", [for name, each in var.layers : name if !(length(setsubtract(coalesce(each.slim, []), ["boto", "docs", "metadata", "stubs", "symbols", "tests"])) == 0)])}."
  }

  validation {
    condition     = length([for name, each in var.layers : name if !(length(setsubtract(coalesce(each.include, []), ["bin", "lib"])) == 0)]) == 0
    error_message = "Of each layer include has only bin, lib; it is not so of ${join(", ", [for name, each in var.layers : name if !(length(setsubtract(coalesce(each.include, []), ["bin", "lib"])) == 0)])}."
  }

  validation {
    condition     = length([for name, each in var.layers : name if !(length(setsubtract(compact([each.compute]), ["container", "lambda", "auto"])) == 0)]) == 0
    error_message = "Of each layer compute is one of container, lambda, auto; it is not so of ${join(", ", [for name, each in var.layers : name if !(length(setsubtract(compact([each.compute]), ["container", "lambda", "auto"])) == 0)])}."
  }

  validation {
    condition     = length([for name, each in var.layers : name if !(each.keep == null || try(each.keep >= 1 && floor(each.keep) == each.keep, false))]) == 0
    error_message = "Of each layer keep is a whole number, 1 or more; it is not so of ${join(", ", [for name, each in var.layers : name if !(each.keep == null || try(each.keep >= 1 && floor(each.keep) == each.keep, false))])}."
  }

  validation {
    condition     = length([for name, each in var.layers : name if !(length(setsubtract(compact([each.size_check]), ["error", "warn", "off"])) == 0)]) == 0
    error_message = "Of each layer size_check is one of error, warn, off; it is not so of ${join(", ", [for name, each in var.layers : name if !(length(setsubtract(compact([each.size_check]), ["error", "warn", "off"])) == 0)])}."
  }

  validation {
    condition     = length([for name, each in var.layers : name if !(each.package != null || length(each.requirements) > 0 || length(each.dependencies) > 0)]) == 0
    error_message = "Of each layer at least one of package, requirements, dependencies is there; it is not so of ${join(", ", [for name, each in var.layers : name if !(each.package != null || length(each.requirements) > 0 || length(each.dependencies) > 0)])}."
  }

  validation {
    condition     = length([for name, each in var.layers : name if !(length(each.extras) == 0 || each.package != null)]) == 0
    error_message = "Of each layer extras are those of a package; those of dependencies go into the requirement; it is not so of ${join(", ", [for name, each in var.layers : name if !(length(each.extras) == 0 || each.package != null)])}."
  }

  validation {
    condition     = length([for name, each in var.layers : name if !(length(each.description) <= 160)]) == 0
    error_message = "Of each layer the description has at most 160 characters; it is not so of ${join(", ", [for name, each in var.layers : name if !(length(each.description) <= 160)])}."
  }
}

variable "defaults" {
  description = "What holds for every layer that does not say otherwise"
  type = object({
    python          = optional(list(string))
    architecture    = optional(string)
    architectures   = optional(list(string))
    split           = optional(string)
    exclude         = optional(list(string), [])
    slim            = optional(list(string), ["metadata", "stubs", "tests"])
    functions       = optional(list(string), [])
    share           = optional(list(string), [])
    system_packages = optional(list(string), [])
    include         = optional(list(string), [])
    indexes         = optional(list(string), [])
    exclude_newer   = optional(string, "")
    licences = optional(object({
      allow = optional(list(string), [])
      deny  = optional(list(string), [])
    }), {})
    compute    = optional(string, "container")
    images     = optional(list(string), [])
    keep       = optional(number, 0)
    size_check = optional(string, "error")
  })
  default  = {}
  nullable = false

  validation {
    condition     = length(setsubtract(coalesce(var.defaults.python, []), ["3.9", "3.10", "3.11", "3.12", "3.13", "3.14"])) == 0
    error_message = "In defaults python has only 3.9, 3.10, 3.11, 3.12, 3.13, 3.14."
  }

  validation {
    condition     = length(setsubtract(compact([var.defaults.architecture]), ["arm64", "x86_64"])) == 0
    error_message = "In defaults architecture is one of arm64, x86_64."
  }

  validation {
    condition     = length(setsubtract(coalesce(var.defaults.architectures, []), ["arm64", "x86_64"])) == 0
    error_message = "In defaults architectures has only arm64, x86_64."
  }

  validation {
    condition     = length(setsubtract(compact([var.defaults.split]), ["target"])) == 0
    error_message = "In defaults split is one of target."
  }

  validation {
    condition     = length(setsubtract(coalesce(var.defaults.slim, []), ["boto", "docs", "metadata", "stubs", "symbols", "tests"])) == 0
    error_message = "In defaults slim has only boto, docs, metadata, stubs, symbols, tests."
  }

  validation {
    condition     = length(setsubtract(coalesce(var.defaults.include, []), ["bin", "lib"])) == 0
    error_message = "In defaults include has only bin, lib."
  }

  validation {
    condition     = length(setsubtract(compact([var.defaults.compute]), ["container", "lambda", "auto"])) == 0
    error_message = "In defaults compute is one of container, lambda, auto."
  }

  validation {
    condition     = var.defaults.keep == null || try(var.defaults.keep >= 0 && floor(var.defaults.keep) == var.defaults.keep, false)
    error_message = "In defaults keep is a whole number, 1 or more."
  }

  validation {
    condition     = length(setsubtract(compact([var.defaults.size_check]), ["error", "warn", "off"])) == 0
    error_message = "In defaults size_check is one of error, warn, off."
  }
}

variable "indexes" {
  description = "Private package indexes by name; no password is ever a value here (docs/inputs.md)"
  type = map(object({
    url      = optional(string, "")
    username = optional(string, "")
    secret   = optional(string, "")
    codeartifact = optional(object({
      domain     = string
      owner      = string
      repository = string
      region     = optional(string, "")
    }))
    default = optional(bool, false)
  }))
  default  = {}
  nullable = false

  validation {
    condition     = length([for name in keys(var.indexes) : name if !can(regex("^(?:[a-z][a-z0-9-]{0,62})$", name))]) == 0
    error_message = "The name of an index has 1 to 63 lower-case letters, digits and hyphens, a letter first: ${join(", ", [for name in keys(var.indexes) : name if !can(regex("^(?:[a-z][a-z0-9-]{0,62})$", name))])}."
  }
}

variable "services" {
  description = "Hybrid services by name, for what is too large for a layer (docs/hybrid.md)"
  type = map(object({
    command           = list(string)
    layer             = optional(string, "")
    image_tag         = optional(string, "")
    image             = optional(string, "")
    health            = optional(string, "")
    port              = optional(number, 8000)
    cpu               = optional(number, 1024)
    memory            = optional(number, 4096)
    architecture      = optional(string, "")
    ephemeral_storage = optional(number, 21)
    vpc               = optional(string, "")
    subnets           = optional(list(string), [])
    public_address    = optional(bool, false)
    interval          = optional(number, 60)
    idle              = optional(number, 600)
    lifetime          = optional(number, 43200)
    start             = optional(number, 300)
    starts_an_hour    = optional(number, 12)
    noncurrent_days   = optional(number, 1)
    force_destroy     = optional(bool, false)
  }))
  default  = {}
  nullable = false

  validation {
    condition     = length([for name in keys(var.services) : name if !can(regex("^(?:[a-z]([a-z0-9-]{0,18}[a-z0-9])?)$", name))]) == 0
    error_message = "The name of a service has 1 to 20 lower-case letters, digits and hyphens, a letter first: ${join(", ", [for name in keys(var.services) : name if !can(regex("^(?:[a-z]([a-z0-9-]{0,18}[a-z0-9])?)$", name))])}."
  }

  validation {
    condition     = !contains(keys(var.services), "layers")
    error_message = "A service cannot be named layers: the bucket of layers is."
  }

  validation {
    condition     = length([for name, each in var.services : name if !(can(regex("^(?:[a-z][a-z0-9-]{0,62}[a-z0-9]|[a-z])?$", each.layer)))]) == 0
    error_message = "Of each service layer is the name of a layer: lower-case letters, digits and hyphens; it is not so of ${join(", ", [for name, each in var.services : name if !(can(regex("^(?:[a-z][a-z0-9-]{0,62}[a-z0-9]|[a-z])?$", each.layer)))])}."
  }

  validation {
    condition     = length([for name, each in var.services : name if !(can(regex("^(?:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?$", each.image_tag)))]) == 0
    error_message = "Of each service image_tag is 1 to 128 letters, digits and _.-, with no . or - first; it is not so of ${join(", ", [for name, each in var.services : name if !(can(regex("^(?:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?$", each.image_tag)))])}."
  }

  validation {
    condition     = length([for name, each in var.services : name if !(can(regex("^(?:[a-z0-9][a-z0-9.-]*(:\\d+)?(/[a-z0-9]+([._-]+[a-z0-9]+)*)*(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}(@sha256:[0-9a-f]{64})?|@sha256:[0-9a-f]{64}))?$", each.image)))]) == 0
    error_message = "Of each service image is the name of an image with a tag or a digest; it is not so of ${join(", ", [for name, each in var.services : name if !(can(regex("^(?:[a-z0-9][a-z0-9.-]*(:\\d+)?(/[a-z0-9]+([._-]+[a-z0-9]+)*)*(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}(@sha256:[0-9a-f]{64})?|@sha256:[0-9a-f]{64}))?$", each.image)))])}."
  }

  validation {
    condition     = length([for name, each in var.services : name if !(can(regex("^(?:/[!-~]{0,999})?$", each.health)))]) == 0
    error_message = "Of each service health is a path that begins with /; it is not so of ${join(", ", [for name, each in var.services : name if !(can(regex("^(?:/[!-~]{0,999})?$", each.health)))])}."
  }

  validation {
    condition     = length([for name, each in var.services : name if !(each.port >= 1024 && each.port <= 65535 && floor(each.port) == each.port)]) == 0
    error_message = "Of each service port is a whole number from 1024 to 65535; it is not so of ${join(", ", [for name, each in var.services : name if !(each.port >= 1024 && each.port <= 65535 && floor(each.port) == each.port)])}."
  }

  validation {
    condition     = length([for name, each in var.services : name if !(each.memory >= 512 && each.memory <= 122880 && floor(each.memory) == each.memory)]) == 0
    error_message = "Of each service memory is a whole number from 512 to 122880; it is not so of ${join(", ", [for name, each in var.services : name if !(each.memory >= 512 && each.memory <= 122880 && floor(each.memory) == each.memory)])}."
  }

  validation {
    condition     = length([for name, each in var.services : name if !(length(setsubtract(compact([each.architecture]), ["arm64", "x86_64"])) == 0)]) == 0
    error_message = "Of each service architecture is one of arm64, x86_64; it is not so of ${join(", ", [for name, each in var.services : name if !(length(setsubtract(compact([each.architecture]), ["arm64", "x86_64"])) == 0)])}."
  }

  validation {
    condition     = length([for name, each in var.services : name if !(each.ephemeral_storage >= 21 && each.ephemeral_storage <= 200 && floor(each.ephemeral_storage) == each.ephemeral_storage)]) == 0
    error_message = "Of each service ephemeral_storage is a whole number from 21 to 200; it is not so of ${join(", ", [for name, each in var.services : name if !(each.ephemeral_storage >= 21 && each.ephemeral_storage <= 200 && floor(each.ephemeral_storage) == each.ephemeral_storage)])}."
  }

  validation {
    condition     = length([for name, each in var.services : name if !(can(regex("^(?:vpc-[0-9a-f]{8,17})?$", each.vpc)))]) == 0
    error_message = "Of each service vpc is an identifier such as vpc-0123abcd; it is not so of ${join(", ", [for name, each in var.services : name if !(can(regex("^(?:vpc-[0-9a-f]{8,17})?$", each.vpc)))])}."
  }

  validation {
    condition     = length([for name, each in var.services : name if !(each.interval >= 1 && each.interval <= 86400 && floor(each.interval) == each.interval)]) == 0
    error_message = "Of each service interval is a whole number from 1 to 86400; it is not so of ${join(", ", [for name, each in var.services : name if !(each.interval >= 1 && each.interval <= 86400 && floor(each.interval) == each.interval)])}."
  }

  validation {
    condition     = length([for name, each in var.services : name if !(each.idle >= 30 && each.idle <= 86400 && floor(each.idle) == each.idle)]) == 0
    error_message = "Of each service idle is a whole number from 30 to 86400; it is not so of ${join(", ", [for name, each in var.services : name if !(each.idle >= 30 && each.idle <= 86400 && floor(each.idle) == each.idle)])}."
  }

  validation {
    condition     = length([for name, each in var.services : name if !(each.lifetime >= 60 && each.lifetime <= 1209600 && floor(each.lifetime) == each.lifetime)]) == 0
    error_message = "Of each service lifetime is a whole number from 60 to 1209600; it is not so of ${join(", ", [for name, each in var.services : name if !(each.lifetime >= 60 && each.lifetime <= 1209600 && floor(each.lifetime) == each.lifetime)])}."
  }

  validation {
    condition     = length([for name, each in var.services : name if !(each.start >= 30 && each.start <= 3600 && floor(each.start) == each.start)]) == 0
    error_message = "Of each service start is a whole number from 30 to 3600; it is not so of ${join(", ", [for name, each in var.services : name if !(each.start >= 30 && each.start <= 3600 && floor(each.start) == each.start)])}."
  }

  validation {
    condition     = length([for name, each in var.services : name if !(each.starts_an_hour >= 1 && each.starts_an_hour <= 1000 && floor(each.starts_an_hour) == each.starts_an_hour)]) == 0
    error_message = "Of each service starts_an_hour is a whole number from 1 to 1000; it is not so of ${join(", ", [for name, each in var.services : name if !(each.starts_an_hour >= 1 && each.starts_an_hour <= 1000 && floor(each.starts_an_hour) == each.starts_an_hour)])}."
  }

  validation {
    condition     = length([for name, each in var.services : name if !(each.noncurrent_days >= 1 && each.noncurrent_days <= 3650 && floor(each.noncurrent_days) == each.noncurrent_days)]) == 0
    error_message = "Of each service noncurrent_days is a whole number from 1 to 3650; it is not so of ${join(", ", [for name, each in var.services : name if !(each.noncurrent_days >= 1 && each.noncurrent_days <= 3650 && floor(each.noncurrent_days) == each.noncurrent_days)])}."
  }

  validation {
    condition     = length([for name, each in var.services : name if !(can(regex("[{]port[}]", join(" ", slice(concat(each.command, [""]), 1, length(each.command) + 1)))))]) == 0
    error_message = "Of each service the command says in an argument, with {port}, on which port to listen; it is not so of ${join(", ", [for name, each in var.services : name if !(can(regex("[{]port[}]", join(" ", slice(concat(each.command, [""]), 1, length(each.command) + 1)))))])}."
  }

  validation {
    condition     = length([for name, each in var.services : name if !(length(compact(each.command)) == length(each.command))]) == 0
    error_message = "Of each service no word of the command is empty; it is not so of ${join(", ", [for name, each in var.services : name if !(length(compact(each.command)) == length(each.command))])}."
  }

  validation {
    condition     = length([for name, each in var.services : name if !(length(compact([each.layer, each.image_tag, each.image])) == 1)]) == 0
    error_message = "Of each service there is one of layer, image_tag and image; it is not so of ${join(", ", [for name, each in var.services : name if !(length(compact([each.layer, each.image_tag, each.image])) == 1)])}."
  }

  validation {
    condition     = length([for name, each in var.services : name if !(contains(try({ "256" = [512, 1024, 2048], "512" = range(1024, 4097, 1024), "1024" = range(2048, 8193, 1024), "2048" = range(4096, 16385, 1024), "4096" = range(8192, 30721, 1024), "8192" = range(16384, 61441, 4096), "16384" = range(32768, 122881, 8192), }[tostring(each.cpu)], []), each.memory))]) == 0
    error_message = "Of each service Fargate has tasks with that cpu and memory; it is not so of ${join(", ", [for name, each in var.services : name if !(contains(try({ "256" = [512, 1024, 2048], "512" = range(1024, 4097, 1024), "1024" = range(2048, 8193, 1024), "2048" = range(4096, 16385, 1024), "4096" = range(8192, 30721, 1024), "8192" = range(16384, 61441, 4096), "16384" = range(32768, 122881, 8192), }[tostring(each.cpu)], []), each.memory))])}."
  }

  validation {
    condition     = length([for name, each in var.services : name if !((each.vpc != "") == (length(each.subnets) > 0))]) == 0
    error_message = "Of each service there are vpc and subnets, or neither; it is not so of ${join(", ", [for name, each in var.services : name if !((each.vpc != "") == (length(each.subnets) > 0))])}."
  }

  validation {
    condition     = length([for name, each in var.services : name if !(length(distinct(each.subnets)) == length(each.subnets))]) == 0
    error_message = "Of each service each subnet is named once; it is not so of ${join(", ", [for name, each in var.services : name if !(length(distinct(each.subnets)) == length(each.subnets))])}."
  }
}

output "layers" {
  description = "With all attributes, those that were left out too"
  value       = var.layers
}

output "defaults" {
  description = "With all attributes, those that were left out too"
  value       = var.defaults
}

output "indexes" {
  description = "With all attributes, those that were left out too"
  value       = var.indexes
}

output "services" {
  description = "With all attributes, those that were left out too"
  value       = var.services
}
