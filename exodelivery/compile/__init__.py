"""The compile floor or family; see DESIGN.md, section 3."""
