"""Pictures of what a recipe makes of images: beside each other, before and after."""
