"""What the commands do, named as they are."""
