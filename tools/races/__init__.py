"""The published races of SIP as scenarios that play sans-IO and over real UDP. `python -m tools.races`."""
