"""What lies on disk: files that are whole or not there, locks of processes, photos, faces cut out of videos."""
