"""The roster editor: who is on duty when, on a timeline of weeks."""
