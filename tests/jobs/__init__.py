"""Jobs: the queue, workers, and what happens when they die."""
