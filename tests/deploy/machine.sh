# Starts a machine within this one: its own processes, network, name and control groups, and its own changes to a copy
# of all files. Called as `unshare --mount sh machine.sh FOLDER`; `inner` is what it calls itself with.
set -eu
if [ "$1" != inner ]; then
    folder=$1
    mount --make-rprivate /
    mkdir "$folder/groups"
    mount -t cgroup2 cgroup2 "$folder/groups"
    group=$folder/groups/autoconfig-test-$$
    mkdir "$group"
    (
        # The subshell's number is not $$.
        sh -c 'echo $PPID' > "$group/cgroup.procs"
        # Nothing that PID 1 of the new namespace started outlives it.
        exec unshare --mount --pid --net --uts --ipc --cgroup --kill-child --fork sh "$0" inner "$folder"
    ) || true
    find "$group" -depth -type d -delete
    exit
fi
folder=$2
root=$folder/root
mount -t overlay -o "lowerdir=/,upperdir=$folder/changed,workdir=$folder/work" overlay "$root"
mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
mount --rbind /dev "$root/dev"
mount -t tmpfs -o mode=0755 run "$root/run"
mount -t tmpfs -o mode=1777 tmp "$root/tmp"
ip link set lo up
hostname machine
cd "$root"
mkdir run/before
pivot_root . run/before
umount -l /run/before
rmdir /run/before
# Nothing is left of an installation that somebody may have here, or of what root's shell is used to.
rm -rf /root/.profile /root/.bash* /usr/local/bin/python* /usr/local/bin/pip* \
    /opt/autoconfig* /etc/autoconfig /var/lib/autoconfig /etc/caddy/autoconfig.d /var/lib/caddy/.local \
    /etc/systemd/system/autoconfig* /etc/systemd/system/*.wants/autoconfig* /usr/local/bin/autoconfig \
    /etc/systemd/system/*.wants/caddy.service
# What would change the kernel that the machine shares with this one.
for unit in systemd-sysctl systemd-modules-load systemd-remount-fs systemd-binfmt systemd-tmpfiles-setup-dev \
    systemd-udevd systemd-udev-trigger systemd-random-seed; do
    ln -sf /dev/null "/etc/systemd/system/$unit.service"
done
exec env -i container=other PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    /lib/systemd/systemd --unit=basic.target < /dev/null
