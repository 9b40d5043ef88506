"""Forecasters: what all regressors on windows share, and what wraps them."""
