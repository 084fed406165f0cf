"""What is done with stored tracks and people beside the five stages: each module a verb of `python -m src`."""
