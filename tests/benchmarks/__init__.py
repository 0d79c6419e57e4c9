"""What the command line costs beside a straight boto3 script of the same steps; see `__main__`."""
