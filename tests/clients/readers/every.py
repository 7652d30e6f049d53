"""All restated programs."""

from __future__ import annotations

from tests.clients.readers import (
    deltachat,
    evolution,
    fairemail,
    geary,
    himalaya,
    kmail,
    nextcloud,
    outlook,
    thunderbird,
    thunderbird_android,
)

CLIENTS = {
    client.name: client
    for client in (
        thunderbird.CLIENT,
        thunderbird_android.CLIENT,
        evolution.CLIENT,
        kmail.CLIENT,
        geary.CLIENT,
        fairemail.CLIENT,
        himalaya.CLIENT,
        nextcloud.CLIENT,
        deltachat.CLIENT,
        outlook.CLIENT,
    )
}
