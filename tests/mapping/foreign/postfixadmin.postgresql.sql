-- PostfixAdmin on PostgreSQL: names, types and defaults of the tables that public/upgrade.php of github.com/postfixadmin/postfixadmin makes.
CREATE TABLE domain (
  domain varchar(255) PRIMARY KEY,
  description varchar(255) NOT NULL DEFAULT '',
  aliases integer NOT NULL DEFAULT 0,
  mailboxes integer NOT NULL DEFAULT 0,
  maxquota bigint NOT NULL DEFAULT 0,
  quota bigint NOT NULL DEFAULT 0,
  transport varchar(255),
  backupmx boolean NOT NULL DEFAULT false,
  created timestamp with time zone DEFAULT now(),
  modified timestamp with time zone DEFAULT now(),
  active boolean NOT NULL DEFAULT true
);
CREATE INDEX domain_domain_active ON domain (domain, active);
CREATE TABLE alias_domain (
  alias_domain varchar(255) PRIMARY KEY,
  target_domain varchar(255) NOT NULL,
  created timestamp with time zone DEFAULT now(),
  modified timestamp with time zone DEFAULT now(),
  active boolean NOT NULL DEFAULT true
);
CREATE TABLE mailbox (
  username varchar(255) PRIMARY KEY,
  password varchar(255) NOT NULL DEFAULT '',
  name varchar(255) NOT NULL DEFAULT '',
  maildir varchar(255) NOT NULL DEFAULT '',
  quota bigint NOT NULL DEFAULT 0,
  local_part varchar(255) NOT NULL DEFAULT '',
  domain varchar(255) NOT NULL REFERENCES domain,
  created timestamp with time zone DEFAULT now(),
  modified timestamp with time zone DEFAULT now(),
  active boolean NOT NULL DEFAULT true
);
INSERT INTO domain (domain, backupmx, active) VALUES
  ('ALL', false, true), ('flowers.example', false, true), ('blossoms.example', false, true),
  ('backup.example', true, true), ('closed.example', false, false), ('forwards.example', false, true);
INSERT INTO alias_domain (alias_domain, target_domain) VALUES ('blossoms.example', 'flowers.example');
INSERT INTO mailbox (username, domain, password) VALUES
  ('hanako@flowers.example', 'flowers.example', '{BLF-CRYPT}secret'), ('x@closed.example', 'closed.example', ''),
  ('x@backup.example', 'backup.example', '');
