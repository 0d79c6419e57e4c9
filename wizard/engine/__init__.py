"""What is decided and done: plan, apply, roll back, recover. Prints nothing."""
