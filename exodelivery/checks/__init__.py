"""The checks floor or family; see DESIGN.md, section 3."""
