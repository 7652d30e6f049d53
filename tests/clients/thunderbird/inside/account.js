// The account that Thunderbird has for an address, or null.
const [address] = arguments;
const { MailServices } = ChromeUtils.importESModule("resource:///modules/MailServices.sys.mjs");
const TLS = { 0: "plain", 2: "STARTTLS", 3: "SSL" };
const LOGIN = { 3: "password-cleartext", 4: "password-encrypted" };

const account = MailServices.accounts.accounts.find(each => each.defaultIdentity?.email == address);
if (!account) {
  return null;
}
const incoming = account.incomingServer;
const outgoing = MailServices.outgoingServer.getServerByKey(account.defaultIdentity.smtpServerKey);
const inbox = incoming.rootFolder.getFolderWithFlags(Ci.nsMsgFolderFlags.Inbox);
return {
  messages: inbox?.getTotalMessages(false) ?? 0,
  servers: [
    {
      type: incoming.type,
      host: incoming.hostname,
      port: incoming.port,
      tls: TLS[incoming.socketType],
      login: LOGIN[incoming.authMethod],
      username: incoming.username,
    },
    {
      type: outgoing.type,
      host: outgoing.serverURI.host,
      port: outgoing.serverURI.port,
      tls: TLS[outgoing.socketType],
      login: LOGIN[outgoing.authMethod],
      username: outgoing.username,
    },
  ],
};
