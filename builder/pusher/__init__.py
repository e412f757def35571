"""The program of the build that pushes a layer's image: no code of strangers runs there."""
