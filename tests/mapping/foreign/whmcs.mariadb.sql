-- WHMCS: names, types and defaults of the columns of its tables that a query about services needs.
CREATE TABLE tblproducts (
  id int(10) NOT NULL AUTO_INCREMENT PRIMARY KEY,
  type text NOT NULL,
  gid int(10) NOT NULL,
  name text NOT NULL,
  servertype text NOT NULL DEFAULT '',
  KEY gid (gid),
  KEY name (name(64))
) CHARSET=utf8;
CREATE TABLE tblservers (
  id int(10) NOT NULL AUTO_INCREMENT PRIMARY KEY,
  name text NOT NULL,
  ipaddress text NOT NULL,
  hostname text NOT NULL,
  type text NOT NULL DEFAULT '',
  username text NOT NULL DEFAULT '',
  password text NOT NULL DEFAULT '',
  active int(1) NOT NULL DEFAULT 1,
  disabled int(1) NOT NULL DEFAULT 0
) CHARSET=utf8;
CREATE TABLE tblhosting (
  id int(10) NOT NULL AUTO_INCREMENT PRIMARY KEY,
  userid int(10) NOT NULL,
  orderid int(10) NOT NULL DEFAULT 0,
  packageid int(10) NOT NULL,
  server int(10) NOT NULL,
  regdate date NOT NULL DEFAULT '2026-01-01',
  domain text NOT NULL,
  amount decimal(16,2) NOT NULL DEFAULT 0.00,
  domainstatus enum('Pending','Active','Suspended','Terminated','Cancelled','Fraud','Completed') NOT NULL DEFAULT 'Pending',
  username text NOT NULL DEFAULT '',
  password text NOT NULL DEFAULT '',
  KEY userid (userid),
  KEY productid (packageid),
  KEY serverid (server),
  KEY domain (domain(64)),
  KEY domainstatus (domainstatus)
) CHARSET=utf8;
INSERT INTO tblproducts (id, type, gid, name) VALUES
  (3, 'hostingaccount', 1, 'Web S'), (4, 'hostingaccount', 1, 'Web M'), (9, 'server', 2, 'VPS'), (12, 'other', 3, 'Certificate');
INSERT INTO tblservers (id, name, ipaddress, hostname) VALUES
  (1, 'cs1', '192.0.2.1', 'cs1.xbit.jp'), (2, 'cs2', '192.0.2.2', 'cs2.xbit.jp');
INSERT INTO tblhosting (userid, packageid, server, domain, domainstatus) VALUES
  (1, 3, 1, 'flowers.example', 'Active'), (1, 12, 0, 'flowers.example', 'Active'), (2, 4, 2, 'second.example', 'Active'),
  (2, 3, 1, 'second.example', 'Terminated'), (3, 9, 0, 'vps.example', 'Active'), (4, 3, 1, 'late.example', 'Suspended'),
  (5, 3, 1, 'left.example', 'Cancelled'), (6, 12, 0, 'certificate.example', 'Active');
