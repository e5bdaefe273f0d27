"""What training is made of, without training: the recipe, who is held out, what is read in which order, figures."""
