"""Small helpers around training: labels, pictures, seeds, a fresh session."""
