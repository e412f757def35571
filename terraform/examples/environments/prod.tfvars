retain_versions = true
keep            = 20
