"""What is measured on: ground truth, photos, and films that are made of them."""
