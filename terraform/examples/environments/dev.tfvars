retain_versions = false
keep            = 2
