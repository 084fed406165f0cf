"""What is said of videos, measured against what is to be seen in them."""
