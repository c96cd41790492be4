"""What a sync would do, and why things are as they are, told without doing anything."""
