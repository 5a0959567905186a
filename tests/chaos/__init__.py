"""Tests that kill processes and servers while the portal works, and then check that nothing was lost."""
