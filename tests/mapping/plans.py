"""A plan whose hosts tell which row an answer is from."""

PLANS = """
[plans.a]
name = "A"
params = { server = { required = true } }

[[plans.a.servers]]
protocol = "imap"
host = "{server}"
port = 993
tls = "ssl"
login = ["password-encrypted"]
username = "{address}"

[[plans.a.servers]]
protocol = "smtp"
host = "{server}"
port = 465
tls = "ssl"
login = ["password-encrypted"]
username = "{address}"
"""
