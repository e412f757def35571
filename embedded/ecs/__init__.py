"""ECS tasks of the embedded AWS: each container is a process."""
