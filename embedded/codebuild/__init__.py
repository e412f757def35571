"""The embedded CodeBuild: runs each build for real, as a process of this machine."""
