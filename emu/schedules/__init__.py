"""Schedules of a search: made by strategies, repeated, watched by checkers, made simple."""
