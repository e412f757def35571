"""The Terraform module of ``terraform/``, written from the constructs and the table of fields."""
