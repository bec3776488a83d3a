"""A board at the end of a cable: flash an image, deploy a firmware."""
