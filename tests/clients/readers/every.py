"""All restated programs."""

from __future__ import annotations

from tests.clients.readers import (
    aerc,
    deltachat,
    evolution,
    evolution_346,
    fairemail,
    geary,
    goa,
    himalaya,
    horde,
    kmail,
    kmail_2212,
    nextcloud,
    outlook,
    snappymail,
    thunderbird,
    thunderbird_android,
)

CLIENTS = {
    client.name: client
    for client in (
        thunderbird.CLIENT,
        thunderbird_android.CLIENT,
        evolution.CLIENT,
        evolution_346.CLIENT,
        goa.CLIENT,
        kmail.CLIENT,
        kmail_2212.CLIENT,
        geary.CLIENT,
        fairemail.CLIENT,
        himalaya.CLIENT,
        aerc.CLIENT,
        nextcloud.CLIENT,
        snappymail.CLIENT,
        horde.CLIENT,
        deltachat.CLIENT,
        outlook.CLIENT,
    )
}
