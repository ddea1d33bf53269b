#!/bin/sh
# Installs the Debian packages named that are not there yet; asks nothing.
set -eu
missing=
for p in "$@"; do
	case $(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null || :) in
	installed) ;;
	*) missing="$missing $p" ;;
	esac
done
[ -n "$missing" ] || exit 0
sudo=
[ "$(id -u)" -eq 0 ] || sudo=sudo
echo "installing:$missing" >&2
# Tests start their own servers as an ordinary user: none may be started or enabled here.
guard=/usr/sbin/policy-rc.d
if [ ! -e "$guard" ]; then
	printf '#!/bin/sh\nexit 101\n' | $sudo tee "$guard" >/dev/null
	$sudo chmod 755 "$guard"
	trap '$sudo rm -f "$guard"' EXIT
fi
# What starts at boot: systemd's links, and those of SysV.
enabled() {
	find /etc/systemd/system /etc/rc?.d \( -type l -o -name 'S*' \) 2>/dev/null | sort
}
before=$(mktemp)
enabled >"$before"
export DEBIAN_FRONTEND=noninteractive
install() {
	# shellcheck disable=SC2086 # a list of packages
	$sudo apt-get install -y -qq --no-install-recommends $missing >/dev/null
}
install 2>/dev/null || {
	$sudo apt-get update -qq
	install
}
# A server that came along shall not start at the next boot either: the maintainer scripts'
# own tools take it out, and where they cannot, the link goes.
enabled | comm -13 "$before" - | while read -r link; do
	case $link in
	*/rc?.d/S*) $sudo update-rc.d "$(basename "$link" | cut -c4-)" disable ;;
	*.service | *.socket | *.timer) $sudo deb-systemd-helper disable "$(basename "$link")" ;;
	*) continue ;;
	esac || $sudo rm -f "$link"
done >/dev/null 2>&1
rm -f "$before"
