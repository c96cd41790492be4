"""Structured logs without secrets: JSON lines in files, readable lines on a terminal."""

from plexsync.log.obfuscation import Obfuscator
from plexsync.log.output import CHATTY, FILE_NAME, Files, Logging, configure, logger
from plexsync.log.redactor import HIDDEN, Redactor

__all__ = ["CHATTY", "FILE_NAME", "HIDDEN", "Files", "Logging", "Obfuscator", "Redactor", "configure", "logger"]
