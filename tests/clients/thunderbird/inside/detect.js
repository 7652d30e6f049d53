// Has Thunderbird's own account setup look for a configuration in one of its ways, and says what it would use.
const [way, address, mx] = arguments;
const module = name => ChromeUtils.importESModule(`resource:///modules/accountcreation/${name}.sys.mjs`);
const { FetchConfig } = module("FetchConfig");
const { FindConfig } = module("FindConfig");
const { AccountConfig } = module("AccountConfig");
const { fetchConfigFromExchange } = module("ExchangeAutoDiscover");

const TLS = { 0: "plain", 2: "STARTTLS", 3: "SSL" };
const LOGIN = { 3: "password-cleartext", 4: "password-encrypted", 8: "secure", 10: "OAuth2" };
const values = server => ({
  type: server.type,
  host: server.hostname,
  port: server.port,
  tls: TLS[server.socketType] ?? String(server.socketType),
  login: LOGIN[server.auth] ?? String(server.auth),
  username: server.username,
});

const domain = address.split("@")[1];
const { signal } = new AbortController();
const never = async host => {
  throw new Error(`Thunderbird would ask whether ${host} may be trusted`);
};
const ways = {
  isp: () => FetchConfig.fromISP(domain, address, signal),
  mx: () => FetchConfig.forMX(domain, address, signal),
  exchange: () => fetchConfigFromExchange(domain, address, signal, "", "", never),
  // What "Continue" does: all ways at once.
  discovery: async () => {
    const { value } = await FindConfig.parallelAutoDiscovery(domain, address, signal, "", "").next();
    if (value?.isRedirect) {
      await never(value.host);
    }
    return value;
  },
};

return (async () => {
  const { requests } = window.noted;
  requests.length = 0;
  window.noted.mx = mx;
  let config;
  try {
    config = await ways[way]();
  } catch (error) {
    const reasons = (error.errors ?? [error]).map(reason => `${reason.message ?? reason} ${reason.url ?? ""}`);
    return { found: null, reason: reasons.join("; "), requests };
  }
  if (!config) {
    return { found: null, reason: "nothing was found", requests };
  }
  AccountConfig.replaceVariables(config, "Hanako", address, "");
  return {
    found: {
      source: config.subSource,
      servers: [config.incoming, ...config.incomingAlternatives, config.outgoing].map(values),
    },
    requests,
  };
})();
