"""What changed in Stash: change windows, walks, and what follows from the things that scenes name."""
