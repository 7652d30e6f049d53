"""What a mail account is: addresses, names, patterns, plans. Pure values, no input or output."""
