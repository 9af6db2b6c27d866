"""The scaffold: a new plugin that installs, passes the checks and has a documentation page."""
