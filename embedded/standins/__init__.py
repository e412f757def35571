"""Stand-ins for Terraform providers, for machines that cannot reach the Terraform registry.

The real terraform binary runs with these: small providers that speak its plugin protocol. Their
schemas come out of the installed cdktf bindings, and they talk to an AWS on loopback only.
"""
