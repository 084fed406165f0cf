"""Reading videos: frames in order with their times, and the cuts between shots."""
