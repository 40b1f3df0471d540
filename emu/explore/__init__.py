"""Exploration: real cores taken through every order of their instructions, drains and interrupts, and back again."""
