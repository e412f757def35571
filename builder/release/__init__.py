"""What a layer needs, and the state machine that releases it."""
