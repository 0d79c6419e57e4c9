"""What the operator sees: listeners to the engine's events, and tables of what they describe.

A screen decides nothing and knows no AWS; importing it loads no boto3. There is no face of the package on
purpose: `status --offline` would pay for screens that it does not show.
"""
