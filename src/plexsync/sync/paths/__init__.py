"""Path rules on real files: proved, looked up and suggested."""
