"""Tests of the function's code."""
