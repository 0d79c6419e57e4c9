"""Tokens: made here, changed in AWS, rotated without a refused request."""
