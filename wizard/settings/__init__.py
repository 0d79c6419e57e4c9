"""The settings of a deployment: one table, from which flags, variables, questions and the review derive."""
