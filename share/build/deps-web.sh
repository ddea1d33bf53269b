#!/bin/sh
# Fetches the checkers of the site's pages from npm into a folder: deps-web.sh DIR. They are
# for one test, which is skipped without them.
set -eu
dir=$1
axe=axe-core@4.10.3 html=html-validate@8.29.0
[ "$(cat "$dir/versions" 2>/dev/null)" != "$axe $html" ] || exit 0
command -v npm >/dev/null || sh "$(dirname "$0")/deps.sh" nodejs npm
echo "fetching: $axe $html" >&2
mkdir -p "$dir"
for try in 1 2 3; do
	if npm install --prefix "$dir" --no-audit --no-fund --no-save --silent --ignore-scripts "$axe" "$html" >/dev/null; then
		echo "$axe $html" >"$dir/versions"
		exit 0
	fi
	sleep $((try * 5))
done
echo "not fetched: the test of the site's pages will be skipped" >&2
