"""Pure functions, one file for each section of the review: a frame in, numbers out."""
