"""The matrix editor: drafts beside their preview and check, versions compared and published."""
