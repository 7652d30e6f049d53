-- ISPConfig 3: names, types and defaults of the tables in install/sql/ispconfig3.sql; of the widest of them, client, only the columns that say who it is and whether it is blocked.
CREATE TABLE server (
  server_id int(11) unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY,
  sys_userid int(11) unsigned NOT NULL DEFAULT 0,
  sys_groupid int(11) unsigned NOT NULL DEFAULT 0,
  sys_perm_user varchar(5) NOT NULL DEFAULT '',
  sys_perm_group varchar(5) NOT NULL DEFAULT '',
  sys_perm_other varchar(5) NOT NULL DEFAULT '',
  server_name varchar(255) NOT NULL DEFAULT '',
  mail_server tinyint(1) NOT NULL DEFAULT 0,
  web_server tinyint(1) NOT NULL DEFAULT 0,
  dns_server tinyint(1) NOT NULL DEFAULT 0,
  file_server tinyint(1) NOT NULL DEFAULT 0,
  db_server tinyint(1) NOT NULL DEFAULT 0,
  config text,
  updated bigint(20) unsigned NOT NULL DEFAULT 0,
  mirror_server_id int(11) unsigned NOT NULL DEFAULT 0,
  dbversion int(11) unsigned NOT NULL DEFAULT 1,
  active tinyint(1) NOT NULL DEFAULT 1
) CHARSET=utf8;
CREATE TABLE client (
  client_id int(11) unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY,
  company_name varchar(64),
  contact_name varchar(64),
  customer_no varchar(64),
  email varchar(255),
  username varchar(64),
  password varchar(200),
  language char(2) NOT NULL DEFAULT 'en',
  locked enum('n','y') NOT NULL DEFAULT 'n',
  canceled enum('n','y') NOT NULL DEFAULT 'n'
) CHARSET=utf8;
CREATE TABLE sys_group (
  groupid int(11) unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY,
  name varchar(64) NOT NULL DEFAULT '',
  description text,
  client_id int(11) unsigned NOT NULL DEFAULT 0
) CHARSET=utf8;
CREATE TABLE mail_domain (
  domain_id int(11) unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY,
  sys_userid int(11) unsigned NOT NULL DEFAULT 0,
  sys_groupid int(11) unsigned NOT NULL DEFAULT 0,
  sys_perm_user varchar(5) NOT NULL DEFAULT '',
  sys_perm_group varchar(5) NOT NULL DEFAULT '',
  sys_perm_other varchar(5) NOT NULL DEFAULT '',
  server_id int(11) unsigned NOT NULL DEFAULT 0,
  domain varchar(255) NOT NULL DEFAULT '',
  dkim enum('n','y') NOT NULL DEFAULT 'n',
  dkim_selector varchar(63) NOT NULL DEFAULT 'default',
  dkim_private mediumtext,
  dkim_public mediumtext,
  active enum('n','y') NOT NULL DEFAULT 'n',
  KEY server_id (server_id, domain),
  KEY domain_active (domain, active)
) CHARSET=utf8;
CREATE TABLE mail_forwarding (
  forwarding_id int(11) unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY,
  sys_userid int(11) unsigned NOT NULL DEFAULT 0,
  sys_groupid int(11) unsigned NOT NULL DEFAULT 0,
  sys_perm_user varchar(5) NOT NULL DEFAULT '',
  sys_perm_group varchar(5) NOT NULL DEFAULT '',
  sys_perm_other varchar(5) NOT NULL DEFAULT '',
  server_id int(11) unsigned NOT NULL DEFAULT 0,
  source varchar(255) NOT NULL DEFAULT '',
  destination text,
  type enum('alias','aliasdomain','forward','catchall') NOT NULL DEFAULT 'alias',
  active enum('n','y') NOT NULL DEFAULT 'n',
  allow_send_as enum('n','y') NOT NULL DEFAULT 'n',
  greylisting enum('n','y') NOT NULL DEFAULT 'n',
  KEY server_id (server_id, source),
  KEY type (type)
) CHARSET=utf8;
INSERT INTO server (server_id, server_name, mail_server, web_server) VALUES
  (1, 'cs1.xbit.jp', 1, 1), (2, 'cs2.xbit.jp', 1, 0), (3, 'www.xbit.jp', 0, 1);
INSERT INTO client (client_id, contact_name, locked, canceled) VALUES
  (1, 'Hanako', 'n', 'n'), (2, 'Taro', 'y', 'n'), (3, 'Jiro', 'n', 'y');
INSERT INTO sys_group (groupid, name, client_id) VALUES
  (1, 'admin', 0), (2, 'hanako', 1), (3, 'taro', 2), (4, 'jiro', 3);
INSERT INTO mail_domain (domain, sys_groupid, server_id, active) VALUES
  ('flowers.example', 2, 1, 'y'), ('second.example', 2, 2, 'y'), ('ours.example', 1, 1, 'y'),
  ('closed.example', 2, 1, 'n'), ('locked.example', 3, 1, 'y'), ('canceled.example', 4, 2, 'y'),
  ('blossoms.example', 2, 2, 'y');
INSERT INTO mail_forwarding (server_id, source, destination, type, active) VALUES
  (2, '@blossoms.example', '@second.example', 'aliasdomain', 'y'),
  (1, '@flowers.example', '@second.example', 'aliasdomain', 'n'),
  (2, '@second.example', 'hanako@second.example', 'catchall', 'y'),
  (2, 'info@blossoms.example', 'hanako@second.example', 'alias', 'y');
