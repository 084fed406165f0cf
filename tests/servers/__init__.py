"""Stand-ins for what the crawler meets: image services, broken servers, photos with known faces."""
