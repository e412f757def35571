"""Hybrid services as they are in AWS."""
