"""What a project shows as a whole: sums by person, programmes and dates, who is on screen with whom."""
