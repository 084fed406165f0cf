"""What is counted: precision, recall, calibration, clusters, verification, tracks."""
