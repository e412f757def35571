"""ministack: its process, the gateway in front of it, and what the gateway adds."""
