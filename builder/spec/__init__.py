"""What the user has described: applications, layers, targets."""
