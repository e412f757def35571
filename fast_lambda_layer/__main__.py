"""``python -m fast_lambda_layer`` is `lambda-layer`."""

from fast_lambda_layer.launcher import main

main()
