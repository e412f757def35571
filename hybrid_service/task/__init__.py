"""What runs in the task: the supervisor of the service's command."""
