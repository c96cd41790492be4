"""Where Stash and Plex meet: intake, worker, the story of one scene, gates, walks and the timetable."""
