"""Commands for developers. Nothing in the package imports them."""
