#!/bin/sh
# Completion for one program from its --dump-options: PROGRAM --dump-options | generate.sh SHELL
# The first line is name, summary, operands; then letter, long name, argument, words, help.
set -eu
exec awk -F '\t' -v shell="$1" '
function quote(s) { gsub(/\047/, "\047\\\047\047", s); return "\047" s "\047" }
# How a shell gets the values of an option: a list of words, names of tkt.conf, files.
function names(kind) { return "tkt-config show --names " kind " 2>/dev/null" }
NR == 1 { prog = $1; summary = $2; fn = prog; gsub(/-/, "_", fn); next }
{ n++; letter[n] = $1; long[n] = $2; arg[n] = $3; words[n] = $4; help[n] = $5 }
END {
	if (shell == "bash") {
		printf "# bash completion for %s\n_%s() {\n\tlocal cur prev\n", prog, fn
		print "\tcur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}"
		print "\tcase $prev in"
		for (i = 1; i <= n; i++) {
			if (arg[i] == "-") continue
			pat = "--" long[i] (letter[i] != "-" ? " | -" letter[i] : "")
			if (words[i] == "@file") act = "COMPREPLY=($(compgen -f -- \"$cur\"))"
			else if (words[i] == "@dir") act = "COMPREPLY=($(compgen -d -- \"$cur\"))"
			else if (words[i] ~ /^@/) act = "COMPREPLY=($(compgen -W \"$(" names(substr(words[i], 2)) ")\" -- \"$cur\"))"
			else if (words[i] != "-") act = "COMPREPLY=($(compgen -W " quote(words[i]) " -- \"$cur\"))"
			else act = "COMPREPLY=()"
			printf "\t%s) %s; return ;;\n", pat, act
		}
		print "\tesac"
		all = ""
		for (i = 1; i <= n; i++) all = all (i > 1 ? " " : "") "--" long[i]
		printf "\tif [[ $cur == -* ]]; then\n\t\tCOMPREPLY=($(compgen -W %s -- \"$cur\"))\n\telse\n\t\tCOMPREPLY=($(compgen -f -- \"$cur\"))\n\tfi\n}\n", quote(all)
		printf "complete -F _%s %s\n", fn, prog
	} else if (shell == "zsh") {
		printf "#compdef %s\n_arguments -s", prog
		for (i = 1; i <= n; i++) {
			h = help[i]; gsub(/[\[\]:\\]/, "\\\\&", h)
			if (arg[i] == "-") val = ""
			else if (words[i] == "@file") val = ":" arg[i] ":_files"
			else if (words[i] == "@dir") val = ":" arg[i] ":_files -/"
			else if (words[i] ~ /^@/) val = ":" arg[i] ":($(" names(substr(words[i], 2)) "))"
			else if (words[i] != "-") val = ":" arg[i] ":(" words[i] ")"
			else val = ":" arg[i] ": "
			printf " \\\n\t%s", quote("*--" long[i] (arg[i] == "-" ? "" : "=") "[" h "]" val)
			if (letter[i] != "-") printf " \\\n\t%s", quote("*-" letter[i] (arg[i] == "-" ? "" : "+") "[" h "]" val)
		}
		print " \\\n\t\047*:argument:_files\047"
	} else if (shell == "fish") {
		printf "# fish completion for %s\n", prog
		for (i = 1; i <= n; i++) {
			printf "complete -c %s -l %s", prog, long[i]
			if (letter[i] != "-") printf " -s %s", letter[i]
			if (arg[i] != "-" && words[i] == "@file") printf " -r -F"
			else if (arg[i] != "-" && words[i] == "@dir") printf " -x -a %s", quote("(__fish_complete_directories)")
			else if (arg[i] != "-" && words[i] ~ /^@/) printf " -x -a %s", quote("(" names(substr(words[i], 2)) ")")
			else if (arg[i] != "-" && words[i] != "-") printf " -x -a %s", quote(words[i])
			else if (arg[i] != "-") printf " -x"
			printf " -d %s\n", quote(help[i])
		}
	}
}'
