"""Files for an office: workbooks that print on A4, pages with plots."""
