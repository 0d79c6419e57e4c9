"""A deployment as infrastructure code, for those who go on without the wizard."""
