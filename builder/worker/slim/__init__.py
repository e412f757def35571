"""Take out what no function needs."""
