"""The declare floor or family; see DESIGN.md, section 3."""
