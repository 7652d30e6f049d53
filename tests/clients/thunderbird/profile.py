"""A profile for one run: everything goes through our router, and Thunderbird does nothing of its own accord."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

Preferences = dict[str, bool | int | str]

DATABASE = "ispdb.invalid"
"""Where the public database of configurations would be; nobody answers there."""

PROXY: Preferences = {
    "network.proxy.type": 1,
    "network.proxy.socks": "127.0.0.1",
    "network.proxy.socks_version": 5,
    "network.proxy.socks_remote_dns": True,
    "network.proxy.no_proxies_on": "",
    "network.proxy.failover_direct": False,
    "network.proxy.allow_bypass": False,
    "network.dns.disablePrefetch": True,
    "network.trr.mode": 5,
    "network.http.speculative-parallel-limit": 0,
}

ACCOUNT_SETUP: Preferences = {
    "mailnews.auto_config_url": f"https://{DATABASE}/v1.1/",
    "mailnews.auto_config.addons_url": "https://addons.invalid/addons.json",
    # What is guessed by trying ports would hide that nothing was found.
    "mailnews.auto_config.guess.enabled": False,
    "mail.provider.suppress_dialog_on_startup": True,
    # Our documents may be kept for an hour, but each test is to see the server of its own.
    "browser.cache.disk.enable": False,
    "browser.cache.memory.enable": False,
}

QUIET: Preferences = {
    "app.donation.eoy.version.viewed": 999,
    "app.normandy.enabled": False,
    "app.update.auto": False,
    "app.update.disabledForTesting": True,
    "app.update.enabled": False,
    "browser.region.network.url": "",
    "browser.region.update.enabled": False,
    "browser.safebrowsing.downloads.remote.enabled": False,
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "calendar.timezone.useSystemTimezone": True,
    "datareporting.healthreport.uploadEnabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "datareporting.policy.dataSubmissionPolicyBypassNotification": True,
    "extensions.systemAddon.update.enabled": False,
    "extensions.update.enabled": False,
    "mail.inappnotifications.enabled": False,
    "mail.inappnotifications.url": "",
    "mail.instrumentation.userOptedIn": False,
    "mail.rights.version": 1,
    "mail.shell.checkDefaultClient": False,
    "mail.spotlight.firstRunDone": True,
    "mailnews.start_page.enabled": False,
    "mailnews.start_page_override.mstone": "ignore",
    "messaging-system.rsexperimentloader.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "security.OCSP.enabled": 0,
    "security.remote_settings.crlite_filters.enabled": False,
    "security.remote_settings.intermediates.enabled": False,
    "services.settings.server": "data:,#remote-settings-dummy/v1",
    "telemetry.fog.test.localhost_port": -1,
    "toolkit.telemetry.enabled": False,
    "toolkit.telemetry.server": "",
    "toolkit.telemetry.unified": False,
}


def write(folder: Path, proxy_port: int) -> None:
    """Make a profile of an empty folder. Marionette takes a free port and writes it down there."""
    ports: Preferences = {"network.proxy.socks_port": proxy_port, "marionette.port": 0}
    lines = [
        f"user_pref({json.dumps(name)}, {json.dumps(value)});\n"
        for name, value in {**PROXY, **ACCOUNT_SETUP, **QUIET, **ports}.items()
    ]
    (folder / "user.js").write_text("".join(lines), encoding="utf-8")
