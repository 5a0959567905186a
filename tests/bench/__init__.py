"""`make bench`: how fast the portal is on this machine, measured through its processes."""
