"""Scripts of the repository; no part of the package regkit."""
