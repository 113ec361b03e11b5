"""What has to be done, computed as data from what is wanted and what is there."""
