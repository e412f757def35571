"""AWS, one thin module a service: nothing else in the project imports boto3 for the product."""
