INSERT INTO provider (id, name, short_name) VALUES
  (1, 'Big Hosting, Inc.', 'BigHosting'),
  (2, 'Ham & Eggs', 'H+E'),
  (3, '日本のプロバイダ', '日本');
INSERT INTO ldapserver (id, name, port, use_ssl, search_base, search_filter, attr_uid) VALUES
  (1, 'ldap.hosting.example', 636, 1, 'dc=example', '(mail={0})', 'uid');
INSERT INTO domain (id, name, provider_id, ldapserver_id) VALUES
  (1, 'customer1.example', 1, NULL),
  (2, 'customer2.example', 1, NULL),
  (3, 'hosting.example', 1, NULL),
  (4, 'shared.example', 1, NULL),
  (5, 'ldap.example', 1, 1),
  (6, 'eggs.example', 2, NULL),
  (7, 'serverless.example', 2, NULL),
  (8, 'pop.example', 3, NULL),
  (9, 'Upper.example', 3, NULL),
  (10, '日本語.example', 3, NULL),
  (11, 'onlyimap.example', 3, NULL),
  (12, 'placeholders.example', 3, NULL),
  (13, 'odd.example', 3, NULL);
INSERT INTO server (id, prio, name, port, type, socket_type, user_name, authentication) VALUES
  (1, 10, 'mail.customer1.example', 993, 'imap', 'SSL', '%EMAILADDRESS%', 'plain'),
  (2, 10, 'mail.customer1.example', 465, 'smtp', 'SSL', '%EMAILADDRESS%', 'plain'),
  (3, 10, 'mail.customer2.example', 993, 'imap', 'SSL', '%EMAILADDRESS%', 'plain'),
  (4, 10, 'mail.customer2.example', 465, 'smtp', 'SSL', '%EMAILLOCALPART%@customer2.example', 'password-cleartext'),
  (5, 10, 'imap.hosting.example', 993, 'imap', 'SSL', '%EMAILADDRESS%', 'plain'),
  (6, 20, 'imap2.hosting.example', 143, 'imap', 'STARTTLS', '%EMAILADDRESS%', 'plain'),
  (7, 5, 'smtp.hosting.example', 587, 'smtp', 'STARTTLS', '%EMAILADDRESS%', 'plain'),
  (8, 10, 'eggs.example', 1, 'INVALID', 'STARTTLS', '%EMAILADDRESS%', 'plain'),
  (9, 1, 'pop.hosting.example', 995, 'pop', 'SSL', '%EMAILLOCALPART%', 'password-encrypted'),
  (10, 10, 'imap.%EMAILDOMAIN%', 993, 'imap', 'SSL', '%EMAILLOCALPART%.%EMAILDOMAIN%', 'OAuth2'),
  (11, 10, 'smtp.%EMAILDOMAIN%', 465, 'smtp', 'SSL', '%EMAILLOCALPART%', 'client-IP-address'),
  (12, 10, 'a_b.example', 993, 'imap', 'TLS', '', 'digest-md5'),
  (13, 30, 'pop.hosting.example', 110, 'pop', 'plain', '%EMAILADDRESS%', 'plain');
INSERT INTO server_domain (server_id, domain_id) VALUES
  (2, 1), (1, 1), (4, 2), (3, 2), (7, 3), (6, 3), (5, 3), (7, 4), (6, 4), (5, 4), (5, 5), (7, 5), (8, 6), (5, 6),
  (5, 8), (7, 8), (9, 8), (5, 9), (7, 9), (5, 10), (7, 10), (5, 11), (10, 12), (11, 12), (12, 13), (7, 13), (5, 13);
INSERT INTO davserver (id, url, port, type, use_ssl, domain_required, user_name) VALUES
  (1, 'https://dav.hosting.example/calendars/', 0, 'caldav', 1, 1, '%EMAILADDRESS%'),
  (2, 'https://dav.hosting.example/', 8443, 'carddav', 1, 1, NULL),
  (3, 'http://dav.hosting.example/', 0, 'carddav', 0, 0, '%EMAILADDRESS%'),
  (4, 'https://dav.customer1.example/', 443, 'caldav', 1, 1, '%EMAILADDRESS%');
INSERT INTO davserver_domain (davserver_id, domain_id) VALUES (1, 3), (2, 3), (3, 4), (4, 1);
