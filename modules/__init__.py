"""Terraform modules written as CDKTF constructs."""
