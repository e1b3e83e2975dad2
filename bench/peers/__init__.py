"""What shoal is compared with, each written as its own documentation shows it, each a process of its own."""
