"""What of a template of CloudFormation each resource is."""
