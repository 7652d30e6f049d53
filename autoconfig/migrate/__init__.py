"""Brings what another program serves here: its domains become rows, its sets of servers plans. Says what differs."""
