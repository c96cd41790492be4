"""From settings to a service at work, and back down again."""
