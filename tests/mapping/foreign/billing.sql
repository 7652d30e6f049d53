-- A provider's own billing system, as many have written one: a customer's code of a product, and how things stand.
CREATE TABLE customers (
  customer_no integer NOT NULL PRIMARY KEY,
  domain varchar(255) NOT NULL,
  product char(6) NOT NULL,
  status varchar(10) NOT NULL,
  mail_host varchar(255)
);
CREATE UNIQUE INDEX customers_domain ON customers (domain);
INSERT INTO customers VALUES
  (1, 'flowers.example', 'web-s', 'active', 'cs1.xbit.jp'), (2, 'second.example', 'web-m', 'active', 'cs2.xbit.jp'),
  (3, 'vps.example', 'vps', 'active', ''), (4, 'late.example', 'web-s', 'suspended', 'cs1.xbit.jp'),
  (5, 'left.example', 'web-s', 'cancelled', 'cs1.xbit.jp'), (6, 'domain.example', 'dom', 'active', NULL),
  (7, 'xn--wgv71a119e.example', 'web-s', 'active', 'cs1.xbit.jp');
