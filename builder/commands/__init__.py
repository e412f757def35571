"""The commands of `lambda-layer`, one module a concern; with report.py what prints."""
