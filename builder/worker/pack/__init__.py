"""Write the zip: the same bytes for the same files."""
