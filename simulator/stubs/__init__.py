"""Two neighbours of a sales backend, played as simply as tests need: billing and SMS."""
