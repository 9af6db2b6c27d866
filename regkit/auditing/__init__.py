"""Whether augmentation keeps the labels true: which classes a recipe makes look like which."""
