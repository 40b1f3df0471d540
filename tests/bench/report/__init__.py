"""Canned results and traces for reports."""
