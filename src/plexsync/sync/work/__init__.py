"""Jobs are claimed and worked on, and come to an outcome."""
