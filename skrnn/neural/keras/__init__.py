"""The Keras engine: builds a Network as a Keras model and trains it. Nothing else imports Keras."""
