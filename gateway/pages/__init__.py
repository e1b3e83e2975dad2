"""What people see: the pages, their files and their sessions."""
