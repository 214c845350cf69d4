"""Stochastic training of the two-mode mixture, many replicates at once."""
