"""The draw floor or family; see DESIGN.md, section 3."""
