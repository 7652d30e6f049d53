// Hands for the Account Hub window: what it shows, and what a user can do there.
const view = () =>
  window.document.querySelector("account-hub-container")?.shadowRoot.querySelector("account-hub-email:not([hidden])");
const step = () => [...(view()?.querySelectorAll(".account-hub-step") ?? [])].find(each => !each.hidden);
const button = () => view().querySelector("account-hub-footer #forward");
const text = id => step().querySelector(`#${id}`)?.textContent.trim() ?? "";

// Values that hold for both directions are shown once.
const shown = direction => {
  const shared = step().querySelector("#configSelection").classList.contains("is-showing-shared-config");
  const prefix = shared ? "shared" : direction;
  return {
    type: text(`${direction}Type`),
    host: text(`${direction}Host`),
    port: text(`${direction}Port`),
    tls: text(`${prefix}SocketType`),
    login: text(`${prefix}AuthenticationType`),
    username: text(`${prefix}Username`),
  };
};

window.hub = {
  open: () => window.openAccountHub("MAIL"),

  close() {
    view()?.dispatchEvent(new window.CustomEvent("request-close", { bubbles: true }));
  },

  state() {
    const header = step()?.shadowRoot?.querySelector("account-hub-header")?.shadowRoot;
    const bar = header?.querySelector("#emailFormNotification");
    const notice = bar && !bar.hidden ? bar.textContent.replace(/\s+/g, " ").trim() : "";
    return {
      step: step()?.id ?? "",
      busy: Boolean(view()?.classList.contains("busy")),
      notice,
      failed: Boolean(notice) && bar.classList.contains("error"),
    };
  },

  type(values) {
    for (const [id, value] of Object.entries(values)) {
      const input = step().querySelector(`#${id}`);
      input.value = value;
      input.dispatchEvent(new window.Event("input", { bubbles: true }));
    }
  },

  // False as long as the button cannot be pressed.
  forward() {
    const ready = !button().disabled && !button().hidden;
    if (ready) {
      button().click();
    }
    return ready;
  },

  found: () => ({
    offered: [...step().querySelectorAll("label.config-option")].filter(each => !each.hidden).map(each => each.id),
    selected: step().querySelector("input[name=config-type]:checked")?.value ?? "",
    servers: [shown("incoming"), shown("outgoing")],
  }),
};
