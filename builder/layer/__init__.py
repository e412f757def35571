"""One layer at one site, and what is remembered of it."""
