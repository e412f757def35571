"""`make sandbox`: the embedded AWS on a project of one's own."""
