"""What is written about a layer: manifest, SBOM and provenance."""
