// Removes every account, so that the next test begins as this one did.
const { MailServices } = ChromeUtils.importESModule("resource:///modules/MailServices.sys.mjs");
for (const account of [...MailServices.accounts.accounts]) {
  account.incomingServer.closeCachedConnections();
  MailServices.accounts.removeAccount(account, true);
}
for (const server of [...MailServices.outgoingServer.servers]) {
  MailServices.outgoingServer.deleteServer(server);
}
