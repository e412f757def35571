"""Choose every version, and have a wheel for each."""
