"""The results of a check of all domains as a static web site, in Japanese and English."""
