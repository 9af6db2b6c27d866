"""What every technique stands on: stages, the seam, draws, options, selectors, names, recipes."""
