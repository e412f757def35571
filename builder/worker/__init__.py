"""The worker: what runs inside CodeBuild. Standard library only, Python 3.9 and later."""
