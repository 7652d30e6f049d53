"""Migrate from another program: its domains become rows, its sets of servers become plans; differences are reported."""
