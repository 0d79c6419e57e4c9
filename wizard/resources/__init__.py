"""The things in AWS that a deployment is made of; the only callers of boto3 operations."""
