"""`make demo`: the whole story of a layer, told on an embedded AWS by the real terraform."""
