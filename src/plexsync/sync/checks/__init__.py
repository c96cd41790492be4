"""Whether all that PlexSync needs is there and fits together; each finding with its remedy."""

from plexsync.sync.checks.doctor import Doctor
from plexsync.sync.checks.finding import Finding, Grade, finding_line

__all__ = ["Doctor", "Finding", "Grade", "finding_line"]
