#!/bin/sh
# The configuration is the package's, unless the variable names another one or there is one in this folder.
if [ -z "${AUTOCONFIG_CONFIG-}" ] && [ ! -e autoconfig.toml ]; then
    export AUTOCONFIG_CONFIG=/etc/autoconfig/autoconfig.toml
fi
exec /usr/lib/mail-autoconfig/bin/autoconfig "$@"
