# What every atf-sh test of a program shares. A test file ends with `cases`, which finds
# its `NAME_body()` functions.

export PATH="$TKT_BUILD/bin:$PATH" TZ=UTC LC_ALL=C NO_COLOR=1
export TKT_NOW=2026-11-22T10:00:00Z
unset TKT_DESK TKT_ACTOR TKT_BROKER EDITOR VISUAL PAGER SSH_ORIGINAL_COMMAND || :

cases() {
	_all=$(sed -n 's/^\([a-z0-9_]*\)_body() {.*/\1/p' "$TKT_SRC/tests/$1")
	for _c in $_all; do
		command -v "${_c}_head" >/dev/null || eval "${_c}_head() { atf_set timeout ${2:-120}; }"
		# As atf_test_case would note it.
		command -v "${_c}_cleanup" >/dev/null && eval "__has_cleanup_${_c}=true"
		command -v "${_c}_cleanup" >/dev/null || eval "${_c}_cleanup() { :; }"
	done
}
atf_init_test_cases() {
	for _c in $_all; do
		atf_add_test_case "$_c"
	done
}

# desk [--sample]: a new desk in ./desk, and TKT_DESK says so.
desk() {
	tkt-init --test "$@" desk >/dev/null 2>init.err || atf_fail "tkt-init: $(cat init.err)"
	export TKT_DESK="$PWD/desk"
}

# ok COMMAND...: must succeed with nothing on stderr; stdout is in ./out.
ok() {
	"$@" >out 2>err || atf_fail "$*: exit $?: $(cat err)"
	[ ! -s err ] || atf_fail "$*: stderr: $(cat err)"
}

# fails STATUS TEXT COMMAND...: must exit so, with one line on stderr that holds TEXT (a
# caret below it may follow).
fails() {
	_want=$1 _text=$2
	shift 2
	"$@" >out 2>err </dev/null
	_got=$?
	[ "$_got" -eq "$_want" ] || atf_fail "$*: exit $_got, not $_want: $(cat err)"
	grep -qF -- "$_text" err || atf_fail "$*: stderr lacks \"$_text\": $(cat err)"
	[ "$(grep -vc '^  ' err)" -eq 1 ] || atf_fail "$*: more than one line: $(cat err)"
}

# until_true SECONDS COMMAND...: waits until it succeeds, for so long at most.
until_true() {
	_n=$(($1 * 10))
	shift
	until "$@" >/dev/null 2>&1; do
		_n=$((_n - 1))
		[ $_n -gt 0 ] || return 1
		sleep 0.1
	done
}

# is TEXT: stdout of the last ok or fails was exactly this.
is() {
	[ "$(cat out)" = "$1" ] || atf_fail "got: $(cat out)
wanted: $1"
}

# has TEXT: it holds this.
has() {
	grep -qF -- "$1" out || atf_fail "\"$1\" is not in: $(cat out)"
}
lacks() {
	! grep -qF -- "$1" out || atf_fail "\"$1\" is in: $(cat out)"
}

# ics LINE...: an iCalendar file with one event of these lines.
ics() {
	printf 'BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\nBEGIN:VEVENT\r\nUID:1\r\n'
	printf '%s\r\n' "$@" END:VEVENT END:VCALENDAR
}

# smtp [OPTION...]: an SMTP server (tests/smtp.py) that writes to ./sink and fails as its
# recipients are called; its port is in $port, and the desk's tkt.conf sends there. A case
# that uses it ends with smtp_stop in its cleanup.
smtp() {
	python3 "$TKT_SRC/tests/smtp.py" smtp.port sink "$@" >smtp.out 2>&1 </dev/null &
	echo $! >smtp.pid
	until_true 20 [ -s smtp.port ]
	port=$(cat smtp.port) || atf_fail "no SMTP server: $(cat smtp.out)"
}
smtp_stop() {
	[ ! -s smtp.pid ] || kill "$(cat smtp.pid)" 2>/dev/null || :
}
# send_to PORT [KEY=VALUE...]: what tkt.conf says of it.
send_to() {
	_port=$1
	shift
	printf 'smtp { url = "smtp://127.0.0.1:%s" timeout = 2s %s }\n' "$_port" "$*" >>desk/tkt.conf
	tkt-config apply >/dev/null 2>err || atf_fail "tkt-config: $(cat err)"
}

# conf_wrong TEXT MESSAGE: with these lines behind it the tkt.conf of ./desk has that error.
conf_wrong() {
	cp desk/tkt.conf bad.conf
	printf '%s\n' "$1" >>bad.conf
	tkt-config check --conf bad.conf >out 2>&1 && atf_fail "no error: $1"
	grep -qF -- "$2" out || atf_fail "\"$2\" is not in: $(cat out)"
}

# http: an HTTP server (tests/webserver.py) that writes requests to ./asked; its port is in $hport.
# A case that uses it ends with http_stop in its cleanup.
http() {
	python3 "$TKT_SRC/tests/webserver.py" http.port asked >http.out 2>&1 </dev/null &
	echo $! >http.pid
	until_true 20 [ -s http.port ]
	hport=$(cat http.port) || atf_fail "no HTTP server: $(cat http.out)"
}
http_stop() {
	[ ! -s http.pid ] || kill "$(cat http.pid)" 2>/dev/null || :
}

# Every record printed so far in ./out fits its schema.
records() {
	python3 "$TKT_SRC/tests/schema.py" "$TKT_SRC/share/schema" out >bad 2>&1 ||
		atf_fail "$(cat bad)"
}

# common PROGRAM [ARG...]: what every program must do with bad words, no desk, a full disk.
common_checks() {
	_p=$1
	shift
	"$_p" --help >out 2>err || atf_fail "$_p --help: exit $?"
	has "usage: $_p"
	"$_p" --version >out || atf_fail "$_p --version"
	has "$_p "
	fails 64 'unknown option "-?"' "$_p" '-?'
	fails 64 'unknown or ambiguous option "--frobnicate"' "$_p" --frobnicate
	fails 64 "--output \"jsno\": use ${_formats:-json, human, tsv or ids} (did you mean \"json\"?)" \
		"$_p" --output=jsno "$@"
	"$_p" --help >/dev/full 2>err && atf_fail "$_p --help did not notice the full disk"
	[ $? -eq 74 ] || atf_fail "$_p --help >/dev/full: not 74"
}
no_desk() {
	(
		unset TKT_DESK
		mkdir -p elsewhere && cd elsewhere || exit 1
		"$@" >../out 2>../err </dev/null
	)
	_got=$?
	grep -qF 'no desk here (make one: tkt-init DIR' err || atf_fail "$*: $(cat err)"
	return $_got
}

# article PATH TITLE [KEY: VALUE...] <TEXT: a file with front matter.
article() {
	mkdir -p "$(dirname "$1")"
	{
		printf -- '---\ntitle: %s\n' "$2"
		shift 2
		[ $# -eq 0 ] || printf '%s\n' "$@"
		printf -- '---\n'
		cat
	} >"$1"
}
# checkout: a clone of the desk's kb.git in ./co, with somebody to commit.
checkout() {
	command -v git >/dev/null || atf_skip "git is not installed"
	git clone -q desk/kb.git co 2>/dev/null
	git -C co checkout -q -b main 2>/dev/null
	git -C co config user.name 'Ann Author' && git -C co config user.email ann@example.org
}
# push MESSAGE [OPTION...]: commits all of ./co and pushes it; what git says is in ./pushed.
push() {
	_m=$1
	shift
	git -C co add -A && git -C co commit -q -m "$_m" && git -C co push -q "$@" origin HEAD:main >pushed 2>&1
}
