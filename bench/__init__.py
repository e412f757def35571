"""The benchmark: this project's worker against pip with zipfile, and against ``sam build``."""
