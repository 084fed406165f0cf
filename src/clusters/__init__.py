"""Tracks without a name that show one person."""
