"""Stand-in Terraform providers, for machines that cannot reach the Terraform registry."""
