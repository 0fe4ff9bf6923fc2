"""Reading briefs: files and free text become one validated brief."""
