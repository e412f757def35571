"""What a layer is made of: its files, its locks, its fingerprint, and the bundle."""
