"""Set-up and checks behind the Makefile: standard library only, so that a bare Python can run them."""
