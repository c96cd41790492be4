"""What Plex asks while it scans."""
