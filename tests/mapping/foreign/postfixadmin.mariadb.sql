-- PostfixAdmin on MySQL and MariaDB: names, types and defaults of the tables that public/upgrade.php of github.com/postfixadmin/postfixadmin makes.
CREATE TABLE domain (
  domain varchar(255) NOT NULL PRIMARY KEY,
  description varchar(255) CHARACTER SET utf8 NOT NULL DEFAULT '',
  aliases int(10) NOT NULL DEFAULT 0,
  mailboxes int(10) NOT NULL DEFAULT 0,
  maxquota bigint(20) NOT NULL DEFAULT 0,
  quota bigint(20) NOT NULL DEFAULT 0,
  transport varchar(255) NOT NULL DEFAULT '',
  backupmx tinyint(1) NOT NULL DEFAULT 0,
  created datetime NOT NULL DEFAULT '2000-01-01 00:00:00',
  modified datetime NOT NULL DEFAULT '2000-01-01 00:00:00',
  active tinyint(1) NOT NULL DEFAULT 1
) ENGINE=InnoDB CHARSET=latin1;
CREATE TABLE alias_domain (
  alias_domain varchar(255) NOT NULL DEFAULT '' PRIMARY KEY,
  target_domain varchar(255) NOT NULL DEFAULT '',
  created datetime NOT NULL DEFAULT '2000-01-01 00:00:00',
  modified datetime NOT NULL DEFAULT '2000-01-01 00:00:00',
  active tinyint(1) NOT NULL DEFAULT 1,
  KEY active (active),
  KEY target_domain (target_domain)
) ENGINE=InnoDB CHARSET=latin1;
CREATE TABLE mailbox (
  username varchar(255) NOT NULL PRIMARY KEY,
  password varchar(255) NOT NULL DEFAULT '',
  name varchar(255) CHARACTER SET utf8 NOT NULL DEFAULT '',
  maildir varchar(255) NOT NULL DEFAULT '',
  quota bigint(20) NOT NULL DEFAULT 0,
  local_part varchar(255) NOT NULL DEFAULT '',
  domain varchar(255) NOT NULL,
  created datetime NOT NULL DEFAULT '2000-01-01 00:00:00',
  modified datetime NOT NULL DEFAULT '2000-01-01 00:00:00',
  active tinyint(1) NOT NULL DEFAULT 1,
  KEY domain (domain)
) ENGINE=InnoDB CHARSET=latin1;
INSERT INTO domain (domain, backupmx, active) VALUES
  ('ALL', 0, 1), ('flowers.example', 0, 1), ('blossoms.example', 0, 1), ('backup.example', 1, 1),
  ('closed.example', 0, 0), ('forwards.example', 0, 1);
INSERT INTO alias_domain (alias_domain, target_domain) VALUES ('blossoms.example', 'flowers.example');
INSERT INTO mailbox (username, domain, password) VALUES
  ('hanako@flowers.example', 'flowers.example', '{BLF-CRYPT}secret'), ('x@closed.example', 'closed.example', ''),
  ('x@backup.example', 'backup.example', '');
