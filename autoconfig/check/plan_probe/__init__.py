"""Looks at a domain's mail servers when there is no plan yet, and proposes one."""
