# The knowledge base: the part of make bench on articles; run.sh sources it. 10,000 articles of
# 5 kB, made of the words of tests/fixtures/kb; git grep and cmark work on the same files.

mkdir -p kb && cat "$TKT_SRC"/tests/fixtures/kb/[a-z]*.md | tr -cs 'A-Za-z' '\n' | awk '
	length($0) > 1 { w[n++] = $0 }
	function some(k,  s, i, p) { p = int(rand() * (n - k)); for (i = 0; i < k; i++) s = s w[p + i] " "; return s }
	END {
		srand(7)
		for (i = 0; i < 10000; i++) {
			dir = sprintf("kb/s%02d", i % 40)
			if (i < 40) system("mkdir -p " dir)
			f = dir "/a" i ".md"
			printf "---\ntitle: Article %d %s\nsummary: %s\ntags: [t%d, t%d]\n---\n\n", i, some(4), some(12), i % 50, i % 37 >f
			for (size = 0; size < 5000; size += length(s)) {
				s = some(20 + int(rand() * 60))
				if (rand() < 0.15) printf "## %s\n\n", some(4) >f
				printf "%s[see](kb:a%d).\n\n", s, int(rand() * 10000) >f
			}
			close(f)
		}
	}'
git init -q -b main kb && git -C kb add -A
git -C kb -c user.name=b -c user.email=b@example.com commit -qm all
tkt-init kbd -o ids >/dev/null
rm kbd/kb.git/hooks/pre-receive kbd/kb.git/hooks/post-receive
git -C kb push -q "$work/kbd/kb.git" HEAD:main
once kb-publish -D kbd --quiet
first=$took
row 'kb-publish, 10,000 articles of 5 kB, the first time' "$took ms" '(target 15000 ms)'
if command -v cmark >/dev/null; then
	once sh -c 'for f in kb/s*/*.md; do cmark "$f" >page.html; done'
	row 'cmark, a process a file, without index or site' "$took ms" "$(ratio "$first" "$took") of that is kb-publish"
fi
change() {
	echo 'One more line.' >>kb/s05/a5.md
	git -C kb -c user.name=b -c user.email=b@example.com commit -qam one
	git -C kb push -q "$work/kbd/kb.git" HEAD:main
}
all=
for i in 1 2 3 4 5 6 7 8 9; do
	change
	once kb-publish -D kbd --quiet
	all="$all$took
"
done
row 'kb-publish, one article changed' "$(printf '%s' "$all" | sort -n | sed -n 5p) ms" '(target 100 ms)'
none=$(bench 50 kb-publish -D kbd --quiet)
row 'kb-publish, nothing changed' "$none ms" ''
for percent in 1 20; do
	word=$(sqlite3 kbd/store.db "SELECT word FROM article_word WHERE articles >= $percent * 100 AND length(word) > 3 ORDER BY articles, word LIMIT 1")
	ms=$(bench 50 kb-search -D kbd "$word" -o ids)
	grep=$(bench 20 git -C kb grep -ilw "$word")
	row "kb-search, a word in $percent % of them" "$ms ms" "$(ratio "$ms" "$grep") git grep (target 6 ms)"
done
ms=$(bench 50 kb-search -D kbd zzqxzzqx -o ids)
row 'kb-search, a word that nobody knows' "$ms ms" ''
ms=$(bench 50 kb-show -D kbd a77 -o ids)
row 'kb-show' "$ms ms" ''
rm -rf kb kbd page.html
