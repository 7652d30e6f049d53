// Runs once: believe the test's authority, answer DNS from a table, and note every HTTP request.
const [authority] = arguments;
const noted = (window.noted = { requests: [], mx: {} });

Cc["@mozilla.org/security/x509certdb;1"].getService(Ci.nsIX509CertDB).addCertFromBase64(authority, "CT,C,C");

// MX and SRV are asked through the system's resolver, past the proxy. A name that does not exist has no records.
const { DNS } = ChromeUtils.importESModule("resource:///modules/DNS.sys.mjs");
const MX = 15;
DNS.lookup = async (name, type) =>
  type == MX ? (noted.mx[name.toLowerCase()] ?? []).map((host, index) => ({ prio: 10 * (index + 1), host })) : [];

const open = new Map();
const observer = {
  observe(subject, topic) {
    const channel = subject.QueryInterface(Ci.nsIHttpChannel);
    if (topic == "http-on-modify-request") {
      const request = { method: channel.requestMethod, url: channel.URI.spec, status: 0 };
      open.set(channel.channelId, request);
      noted.requests.push(request);
    } else if (open.has(channel.channelId)) {
      open.get(channel.channelId).status = channel.responseStatus;
    }
  },
};
// Observers are kept alive by the window.
noted.observer = observer;
for (const topic of ["http-on-modify-request", "http-on-examine-response"]) {
  Services.obs.addObserver(observer, topic);
}
return Services.appinfo.version;
