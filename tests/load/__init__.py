"""The service under load and under attack by chance: programs, some of which tests run with small numbers."""
